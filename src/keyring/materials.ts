import type { RandomBytes } from "../base/random.ts";
import type { MaterialRow } from "../metadata/keyring/keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { materialId } from "./cipher.ts";

const MATERIAL_BYTES = 32;
/** Materials that an isolate keeps open. */
const REMEMBERED_MAX = 2_000;

/** Makes and opens key materials, which lie sealed under the deployment's root secrets. */
export class Materials {
  readonly #sealers: readonly [Sealer, ...Sealer[]];
  readonly #random: RandomBytes;
  /** By their sealed text. A Map keeps the order in which entries were last used. */
  readonly #open = new Map<string, Uint8Array>();

  /** The first of `sealers` seals; any of them may open. */
  constructor(sealers: readonly [Sealer, ...Sealer[]], random: RandomBytes) {
    this.#sealers = sealers;
    this.#random = random;
  }

  /** A fresh random material. */
  make({ keyId, number, createdMs, rotation }: Omit<MaterialRow, "id" | "sealed">): MaterialRow {
    const material = this.#random(MATERIAL_BYTES);
    const sealed = this.#sealers[0].seal("kms-key", contextOf({ keyId, number }), material);
    return { keyId, number, id: materialId(material), sealed, createdMs, rotation };
  }

  /** The 32 bytes; null: no configured root secret opens it, or the row was altered. */
  open(row: MaterialRow): Uint8Array | null {
    const known = this.#open.get(row.sealed);
    if (known !== undefined && materialId(known) === row.id) {
      this.#open.delete(row.sealed);
      this.#open.set(row.sealed, known);
      return known;
    }
    const material = this.#unseal(row);
    // The id is no secret and lies in the row: a row whose parts were exchanged is found here.
    if (material === null || materialId(material) !== row.id) return null;
    this.#remember(row.sealed, material);
    return material;
  }

  /** The same material sealed under the newest root secret; null: it is already, or cannot be opened. */
  reseal(row: MaterialRow): string | null {
    const [newest] = this.#sealers;
    if (newest.isCurrent(row.sealed)) return null;
    const material = this.#unseal(row);
    return material && newest.seal("kms-key", contextOf(row), material);
  }

  #unseal(row: MaterialRow): Uint8Array | null {
    for (const sealer of this.#sealers) {
      const material = sealer.openBytes("kms-key", contextOf(row), row.sealed);
      if (material !== null) return material;
    }
    return null;
  }

  #remember(sealed: string, material: Uint8Array): void {
    this.#open.set(sealed, material);
    const [oldest] = this.#open.keys();
    if (this.#open.size > REMEMBERED_MAX && oldest !== undefined) this.#open.delete(oldest);
  }
}

/** Binds a sealed material to its row. */
function contextOf({ keyId, number }: Pick<MaterialRow, "keyId" | "number">): string {
  return `${keyId}/${number}`;
}
