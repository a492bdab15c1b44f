import type { ColumnMetaData, DecodedArray, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { compressors } from "hyparquet-compressors";
import { concat } from "../../base/bytes.ts";
import { SelectFailure } from "../failure.ts";
import { checkPage, checkRuns } from "./check-page.ts";
import { endOfThrift, Incomplete } from "./check-thrift.ts";
import type { ReadBytes } from "./footer.ts";
import { valueParsers } from "./values.ts";

const PAGE_MAX_BYTES = 16 * 1024 * 1024;
const PAGE_VALUES_MAX = 1024 * 1024;
/** A value of a page while it is decoded: itself, its level, and its place in the dictionary. */
const DECODING_BYTES = 24;
/** The same for a value that is an object of its own: a view of bytes, a large integer, a timestamp. */
const DECODING_OBJECT_BYTES = 144;
/** What is kept of a value: a place in a list; a number; an object, besides the bytes of a text. */
const PLACE_BYTES = 8;
const NUMBER_BYTES = 24;
const OBJECT_BYTES = 48;
/** Statistics in a page's header may be long. */
const HEADER_MAX_BYTES = 1024 * 1024;
const CODECS = new Set(["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "LZ4", "LZ4_RAW", "ZSTD"]);

type Decoder = Parameters<typeof readPage>[2];

/** The pages of one column chunk, one after another. Every size and count in them is bounded before anything is allocated for it. */
export class ColumnPages {
  readonly #read: ReadBytes;
  readonly #readBytes: number;
  readonly #codec: ColumnMetaData["codec"];
  readonly #decoder: Decoder;
  /** The part of the chunk that is not read yet. */
  #offset: number;
  readonly #end: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #dictionary: DecodedArray | undefined = undefined;
  #dictionaryBytes = 0;
  #valueBytes = 0;
  /** Of the last page, uncompressed. */
  pageBytes = 0;

  /** `readBytes` is how much is read at once. Throws ParquetParsingError for a chunk beyond the file, ParquetUnsupportedCompressionCodec. */
  constructor(
    chunk: { readonly metadata: ColumnMetaData; readonly path: SchemaTree[]; readonly fileBytes: number },
    read: ReadBytes,
    readBytes: number,
  ) {
    const { metadata, path, fileBytes } = chunk;
    const { codec, type } = metadata;
    if (!CODECS.has(codec)) throw new SelectFailure("ParquetUnsupportedCompressionCodec");
    const begin = Number(metadata.dictionary_page_offset || metadata.data_page_offset);
    const end = begin + Number(metadata.total_compressed_size);
    if (!(begin >= 4 && end >= begin && end <= fileBytes)) throw new SelectFailure("ParquetParsingError");
    this.#read = read;
    this.#readBytes = readBytes;
    this.#codec = codec;
    this.#offset = begin;
    this.#end = end;
    const element = path.at(-1)?.element;
    if (element === undefined || element.type !== type) throw new SelectFailure("ParquetParsingError");
    const pathInSchema = metadata.path_in_schema;
    this.#decoder = {
      pathInSchema,
      type,
      element,
      schemaPath: path,
      codec: "UNCOMPRESSED",
      parsers: valueParsers,
    } as Decoder;
  }

  /** What the column takes: values and dictionary, decoded, and bytes that were read ahead. */
  get heldBytes(): number {
    return this.#dictionaryBytes + this.#valueBytes + this.#bytes.buffer.byteLength;
  }

  /**
   * The values of the next data page, NULLs among them; null at the end. The values before must not be in use any more. The column may take `bytesMax`,
   * also while it decodes. Throws ParquetParsingError, OverMaxParquetBlockSize.
   */
  async next(bytesMax: number): Promise<DecodedArray | null> {
    this.#valueBytes = 0;
    for (;;) {
      const header = await this.#nextHeader();
      if (header === null) return null;
      const { compressed_page_size: compressed, uncompressed_page_size: plain } = header;
      if (!isSize(compressed) || !isSize(plain)) throw new SelectFailure("ParquetParsingError");
      if (compressed > PAGE_MAX_BYTES || plain > PAGE_MAX_BYTES) throw new SelectFailure("OverMaxParquetBlockSize");
      // Bytes that are read stand beside those before them while they are joined.
      if (this.#bytes.length < compressed) requireRoom(this.heldBytes + 2 * compressed, bytesMax);
      if (!(await this.#have(compressed))) throw new SelectFailure("ParquetParsingError");
      const page = this.#bytes.subarray(0, compressed);
      this.#bytes = this.#bytes.subarray(compressed);
      const values = parsing(() => this.#decode(header, page, bytesMax));
      if (values !== null && values.length > 0) return values;
    }
  }

  async #nextHeader(): Promise<PageHeader | null> {
    if (!(await this.#have(1))) return null;
    for (let wanted = 1_024; ; wanted *= 8) {
      const isAll = !(await this.#have(wanted));
      const end = parsing(() => {
        try {
          return endOfThrift(this.#bytes, 0, this.#bytes.length);
        } catch (error) {
          if (error instanceof Incomplete && !isAll && wanted < HEADER_MAX_BYTES) return null;
          throw error;
        }
      });
      if (end === null) continue;
      const head = this.#bytes.subarray(0, end);
      this.#bytes = this.#bytes.subarray(end);
      return parsing(() => parquetHeader({ view: new DataView(head.buffer, head.byteOffset, end), offset: 0 }));
    }
  }

  #decode(header: PageHeader, compressed: Uint8Array, bytesMax: number): DecodedArray | null {
    const { type, data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
    if (type === "INDEX_PAGE") return null;
    const count = v1?.num_values ?? v2?.num_values ?? dictionary?.num_values;
    if (!isSize(count)) throw new RangeError("a page without a count");
    if (count > PAGE_VALUES_MAX)
      throw new SelectFailure("OverMaxParquetBlockSize", "A page has more than 1 Mi values.");
    const isPlaces = (v1?.encoding ?? v2?.encoding)?.endsWith("_DICTIONARY") === true;
    const isObjects = !isPlaces && !isPlainNumber(this.#decoder.element);
    const decodingBytes =
      header.uncompressed_page_size + count * (isObjects ? DECODING_OBJECT_BYTES : DECODING_BYTES) + this.heldBytes;
    requireRoom(decodingBytes, bytesMax);
    const page = type === "DATA_PAGE_V2" && v2 ? this.#plainV2(header, compressed) : this.#plain(header, compressed);
    const textBytes = this.#check(header, page, count);
    // Texts are there as bytes, and as texts.
    requireRoom(decodingBytes + 2 * textBytes, bytesMax);
    const keptBytes = isPlaces
      ? count * PLACE_BYTES
      : isObjects
        ? count * OBJECT_BYTES + page.length + textBytes
        : count * NUMBER_BYTES;
    const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
    const sized = { ...header, compressed_page_size: page.length, uncompressed_page_size: page.length };
    const { data } = readPage(reader, sized, this.#decoder, this.#dictionary, undefined, 0) as { data?: DecodedArray };
    if (type === "DICTIONARY_PAGE") {
      this.#dictionary = data && convert(data, this.#decoder);
      this.#dictionaryBytes = keptBytes;
      return null;
    }
    this.pageBytes = page.length;
    this.#valueBytes = keptBytes;
    // A page of a flat column has one value per row.
    if (data === undefined || data.length !== count) throw new RangeError("a page that has not the values it says");
    return data;
  }

  #plain({ uncompressed_page_size: plainBytes }: PageHeader, compressed: Uint8Array): Uint8Array {
    return decompressPage(compressed, plainBytes, this.#codec, compressors).slice();
  }

  /** Version 2 leaves the levels uncompressed. */
  #plainV2(
    { uncompressed_page_size: plainBytes, data_page_header_v2: v2 }: PageHeader,
    compressed: Uint8Array,
  ): Uint8Array {
    const levelBytes = (v2?.definition_levels_byte_length ?? 0) + (v2?.repetition_levels_byte_length ?? 0);
    if (!isSize(levelBytes) || levelBytes > compressed.length || levelBytes > plainBytes)
      throw new RangeError("levels");
    const valueBytes = plainBytes - levelBytes;
    const values = compressed.subarray(levelBytes);
    if (v2?.is_compressed === false || valueBytes === 0) return compressed.slice();
    return concat([compressed.subarray(0, levelBytes), decompressPage(values, valueBytes, this.#codec, compressors)]);
  }

  #check(
    { type, data_page_header: v1, data_page_header_v2: v2 }: PageHeader,
    page: Uint8Array,
    valueCount: number,
  ): number {
    if (type === "DICTIONARY_PAGE") return 0;
    const isOptional = this.#decoder.element.repetition_type !== "REQUIRED";
    const shape = { valueCount, isBoolean: this.#decoder.type === "BOOLEAN", isOptional };
    if (v1) {
      return checkPage(page, { ...shape, encoding: v1.encoding, levelBytes: null });
    }
    if (!v2 || !isSize(v2.num_nulls) || v2.num_nulls > valueCount || v2.repetition_levels_byte_length !== 0) {
      throw new RangeError("a page without a header");
    }
    const levelBytes = v2.definition_levels_byte_length;
    if (isOptional) checkRuns(page, { from: 0, to: levelBytes, width: 1 }, valueCount);
    return checkPage(page.subarray(levelBytes), { ...shape, encoding: v2.encoding, levelBytes });
  }

  /** Reads on until so many bytes are there. False if the chunk ends before. */
  async #have(bytes: number): Promise<boolean> {
    while (this.#bytes.length < bytes) {
      const length = Math.min(Math.max(this.#readBytes, bytes - this.#bytes.length), this.#end - this.#offset);
      if (length <= 0) return false;
      const more = await this.#read(this.#offset, length);
      this.#offset += length;
      this.#bytes = this.#bytes.length === 0 ? more : concat([this.#bytes, more]);
    }
    return true;
  }
}

/** Whether values are numbers of JavaScript, and nothing else. */
function isPlainNumber({ type, converted_type: converted, logical_type: logical }: Decoder["element"]): boolean {
  const isNumber = type === "INT32" || type === "FLOAT" || type === "DOUBLE" || type === "BOOLEAN";
  return isNumber && converted !== "DATE" && logical?.type !== "DATE";
}

function requireRoom(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw new SelectFailure("OverMaxParquetBlockSize", "Name fewer columns.");
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Whatever a decoder throws is a file that cannot be read. */
function parsing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SelectFailure) throw cause;
    throw new SelectFailure("ParquetParsingError", undefined, { cause });
  }
}
