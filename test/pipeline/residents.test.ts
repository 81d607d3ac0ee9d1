import { describe, expect, it } from "vitest";
import { type Resident, Residents } from "../../src/pipeline/residents.ts";
import type { Program } from "../../src/runtime/program.ts";

/** A machine with some memory, programs that take parts of it, and what happened to them in order. */
class Machine {
  taken = 0;
  readonly events: string[] = [];

  constructor(private readonly size: number) {}

  room = () => this.size - this.taken;

  resident(name: string, bytes: number): Resident {
    return {
      bytes,
      load: async () => {
        this.taken += bytes;
        this.events.push(`+${name}`);
        return {
          release: async () => {
            this.taken -= bytes;
            this.events.push(`-${name}`);
          },
        } as Program;
      },
    };
  }
}

const nothing = async () => {};

describe("programs that share memory", () => {
  it("are loaded when they are first used, and stay while there is room", async () => {
    const machine = new Machine(10);
    const residents = new Residents(machine.room);
    const [a, b] = [machine.resident("a", 4), machine.resident("b", 6)];
    for (const resident of [a, b, a, b]) await residents.use(resident, 0, nothing);
    expect(machine.events).toEqual(["+a", "+b"]);
    await residents.release();
    expect(machine.taken).toBe(0);
  });

  it("give way smallest first to one that has no room, and no more of them than needed", async () => {
    const machine = new Machine(13);
    const residents = new Residents(machine.room);
    const [small, middle, large] = [machine.resident("s", 1), machine.resident("m", 4), machine.resident("l", 8)];
    for (const resident of [large, small, middle]) await residents.use(resident, 0, nothing);
    await residents.use(machine.resident("x", 3), 0, nothing);
    expect(machine.events.slice(3)).toEqual(["-s", "-m", "+x"]);
  });

  it("give way sooner when they have long been idle, however large", async () => {
    const machine = new Machine(12);
    const residents = new Residents(machine.room);
    const [old, a, b] = [machine.resident("old", 8), machine.resident("a", 1), machine.resident("b", 2)];
    await residents.use(old, 0, nothing);
    for (let i = 0; i < 4; i++) for (const resident of [a, b]) await residents.use(resident, 0, nothing);
    await residents.use(machine.resident("x", 3), 0, nothing);
    expect(machine.events.slice(3)).toEqual(["-old", "+x"]);
  });

  it("give way to the work of a run, but not the one that runs nor one that is running", async () => {
    const machine = new Machine(10);
    const residents = new Residents(machine.room);
    const [a, b, c] = [machine.resident("a", 3), machine.resident("b", 3), machine.resident("c", 3)];
    for (const resident of [a, b, c]) await residents.use(resident, 0, nothing);
    await residents.use(a, 0, async () => {
      await residents.use(b, 100, nothing);
    });
    expect(machine.events.slice(3)).toEqual(["-c"]);
  });

  it("keep what a run took, so that the next run of the same needs no more room", async () => {
    const machine = new Machine(10);
    const residents = new Residents(machine.room);
    const [a, b] = [machine.resident("a", 2), machine.resident("b", 2)];
    await residents.use(b, 0, nothing);
    await residents.use(a, 5, async () => {
      machine.taken += 5;
    });
    await residents.use(a, 5, nothing);
    expect(machine.events).toEqual(["+b", "+a"]);
    await residents.use(a, 7, nothing);
    expect(machine.events).toEqual(["+b", "+a", "-b"]);
  });

  it("do not stay where their runs take much more than they do, if room is limited", async () => {
    const machine = new Machine(2 ** 34);
    const fleeting = machine.resident("f", 10);
    const limited = new Residents(machine.room);
    for (let i = 0; i < 2; i++) await limited.use(fleeting, 2 ** 31, nothing);
    await limited.use(machine.resident("large", 2 ** 32), 2 ** 31, nothing);
    await new Residents().use(fleeting, 2 ** 31, nothing);
    expect(machine.events).toEqual(["+f", "-f", "+f", "-f", "+large", "+f"]);
  });

  it("are loaded once when several want them at the same time", async () => {
    const machine = new Machine(10);
    const residents = new Residents(machine.room);
    const a = machine.resident("a", 3);
    await Promise.all([residents.use(a, 0, nothing), residents.use(a, 0, nothing)]);
    expect(machine.events).toEqual(["+a"]);
  });

  it("may be loaded again after loading has failed", async () => {
    const machine = new Machine(10);
    const residents = new Residents(machine.room);
    const sound = machine.resident("a", 3);
    let fails = true;
    const load = () => (fails ? Promise.reject(new Error("no such file")) : sound.load());
    const a = { bytes: 3, load };
    await expect(residents.use(a, 0, nothing)).rejects.toThrow("no such file");
    fails = false;
    await residents.use(a, 0, nothing);
    expect(machine.events).toEqual(["+a"]);
  });
});
