/** Writes archives whose members are not compressed. */

import { crc32 } from "node:zlib";

export interface Member {
  /** With slashes. */
  readonly name: string;
  readonly data: Buffer;
}

const VERSION = 20;
const UTF8_NAMES = 0x0800;
/** 1980-01-01, the first day that the format knows. */
const DATE = 0x0021;
const PLAIN_FILE = (0o100644 << 16) >>> 0;
const MADE_ON_UNIX = 3 << 8;

/** The archive of `members`, in their order. */
export function zipped(members: readonly Member[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of members) {
    const encoded = Buffer.from(name);
    const common = commonPart(encoded, data);
    const local = Buffer.concat([numbers([4, 0x04034b50]), common, encoded, data]);
    files.push(local);
    directory.push(
      numbers([4, 0x02014b50], [2, MADE_ON_UNIX | VERSION]),
      common,
      numbers([2, 0], [2, 0], [2, 0], [4, PLAIN_FILE], [4, offset]),
      encoded,
    );
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const { length } = members;
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, length],
    [2, length],
    [4, listed.length],
    [4, offset],
    [2, 0],
  );
  return Buffer.concat([...files, listed, end]);
}

/** What a member's header and its entry in the directory share. */
function commonPart(name: Buffer, data: Buffer): Buffer {
  const { length } = data;
  return numbers(
    [2, VERSION],
    [2, UTF8_NAMES],
    [2, 0], // not compressed
    [2, 0], // midnight
    [2, DATE],
    [4, crc32(data)],
    [4, length],
    [4, length],
    [2, name.length],
    [2, 0], // nothing more
  );
}

/** Numbers as the format has them, each with its size in bytes. */
function numbers(...sized: readonly (readonly [size: number, value: number])[]): Buffer {
  const buffer = Buffer.alloc(sized.reduce((sum, [size]) => sum + size, 0));
  let at = 0;
  for (const [size, value] of sized) {
    at = buffer.writeUIntLE(value, at, size);
  }
  return buffer;
}
