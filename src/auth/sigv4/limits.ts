/** Every number that signature verification knows, in one place. Sizes are in bytes unless the name says otherwise. */

/** How far a request's own time may lie from ours, either way. AWS: 15 minutes. */
export const skewMaxMs = 15 * 60 * 1000;

/** The longest life of a presigned URL. AWS: seven days. */
export const presignedLifeMaxSeconds = 7 * 24 * 60 * 60;

/** The longest line that may announce a chunk; the longest legitimate one has about 100 bytes. */
export const chunkLineMaxBytes = 1024;

/** The longest block of trailers, signature included; a legitimate one has about 250 bytes, one with every checksum 700. */
export const trailerBlockMaxBytes = 4 * 1024;

/** The smallest chunk that may be followed by another one with data. Bounds the HMACs per byte as well. */
export const chunkMinBytes = 8 * 1024;

/** The largest body of one PutObject or UploadPart, and so the largest chunk: 5 GiB. */
export const decodedSizeMaxBytes = 5 * 1024 ** 3;

/** More trailers than this are not announced by any client; there are five checksums. */
export const trailersMax = 16;

/** Derived signing keys kept: one a secret, day and region in use. */
export const signingKeysMax = 1000;
