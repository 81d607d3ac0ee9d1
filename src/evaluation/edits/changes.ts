import type { Background, Edit, Filter, Scene, SceneObject } from "../../data/index.ts";

/** One thing that an edit asks for. */
export type Change =
  | { what: "added" | "removed"; object: SceneObject }
  | { what: "recolored" | "resized" | "jumped"; before: SceneObject; after: SceneObject }
  | { what: "posed" | "turned"; before: SceneObject; after: SceneObject }
  | { what: "background"; background: Background }
  | { what: "filtered"; filter: Filter }
  | { what: "restyled" };

/** All in which an edit's target differs from its source. The objects of a scene to edit have different names, so a name is one object. */
export function changesOf({ source, target }: Pick<Edit, "source" | "target">): Change[] {
  const changes: Change[] = [];
  for (const before of source.objects) {
    const after = objectNamed(target, before.name);
    if (after === undefined) changes.push({ what: "removed", object: before });
    else changes.push(...objectChanges(before, after));
  }
  for (const object of target.objects) {
    if (objectNamed(source, object.name) === undefined) changes.push({ what: "added", object });
  }
  if (JSON.stringify(source.background) !== JSON.stringify(target.background)) {
    changes.push({ what: "background", background: target.background });
  }
  if (target.filter !== undefined) changes.push({ what: "filtered", filter: target.filter });
  const isRestyled = ({ name, style }: SceneObject) => (objectNamed(source, name)?.style ?? style) !== style;
  if (target.objects.some(isRestyled)) changes.push({ what: "restyled" });
  return changes;
}

function* objectChanges(before: SceneObject, after: SceneObject): Generator<Change> {
  if (before.color !== after.color) yield { what: "recolored", before, after };
  if (before.lift !== after.lift) yield { what: "jumped", before, after };
  if (before.flip !== after.flip) yield { what: "turned", before, after };
  if (before.style !== after.style) return;
  if (before.icon !== after.icon) yield { what: "posed", before, after };
  else if (before.size !== after.size) yield { what: "resized", before, after };
}

const objectNamed = ({ objects }: Scene, name: string): SceneObject | undefined =>
  objects.find((object) => object.name === name);
