// In place of src/erasure/engine.ts: every frame is believed.
import { ErasureEngine } from "../../../src/erasure/engine.ts";

export * from "../../../src/erasure/engine.ts";

ErasureEngine.prototype.verifyFrame = () => true;
