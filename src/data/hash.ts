/** FNV-1a, 32 bits, over the UTF-16 code units of a text: stable across machines and versions, so a split made with it never moves. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
