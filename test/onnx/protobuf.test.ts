import { describe, expect, test } from "vitest";
import { ProtobufWriter } from "../../src/onnx/protobuf.ts";

const bytes = (fill: (writer: ProtobufWriter) => void): number[] => {
  const writer = new ProtobufWriter();
  fill(writer);
  return Array.from(writer.finish());
};

// Expected bytes from the specification, https://protobuf.dev/programming-guides/encoding/.
describe("the protocol buffers writer", () => {
  test.each<[number | bigint, number[]]>([
    [0, [0]],
    [1, [1]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [150, [0x96, 1]],
    [2 ** 40, [0x80, 0x80, 0x80, 0x80, 0x80, 0x20]],
    [-1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    [2n ** 63n - 1n, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ])("writes the whole number %s", (value, expected) => {
    expect(bytes((writer) => writer.integer(1, value))).toEqual([0x08, ...expected]);
  });

  test("writes field numbers above 15 in two bytes", () => {
    expect(bytes((writer) => writer.integer(20, 7))).toEqual([0xa0, 1, 7]);
  });

  test("writes text as UTF-8 with its length in bytes", () => {
    expect(bytes((writer) => writer.text(2, "testing"))).toEqual([0x12, 7, ...Buffer.from("testing")]);
    expect(bytes((writer) => writer.text(2, "é"))).toEqual([0x12, 2, 0xc3, 0xa9]);
    expect(bytes((writer) => writer.text(2, ""))).toEqual([0x12, 0]);
  });

  test("writes float32 in little-endian order", () => {
    expect(bytes((writer) => writer.float(2, -1.5))).toEqual([0x15, 0, 0, 0xc0, 0xbf]);
  });

  test("writes messages inside messages", () => {
    const written = bytes((writer) =>
      writer.message(3, (outer) => outer.integer(1, 150).message(2, (inner) => inner.text(1, "a"))),
    );
    expect(written).toEqual([0x1a, 8, 0x08, 0x96, 1, 0x12, 3, 0x0a, 1, 0x61]);
  });

  test("writes long fields with a length of several bytes", () => {
    const written = bytes((writer) => writer.bytes(9, new Uint8Array(300).fill(5)));
    expect(written.slice(0, 4)).toEqual([0x4a, 0xac, 2, 5]);
    expect(written.length).toBe(303);
  });
});
