"""The five checksums of S3, computed without the server, as base64."""

import base64
import hashlib
import os
import sys
import zlib

import botocore.compat

# Imported after botocore has looked for it, so that botocore keeps its own signers: only two fast functions are wanted.
assert botocore.compat
sys.path.append(os.environ.get("CLIENTS_CRT_FOLDER", ""))
try:
    from awscrt import checksums as runtime
except ImportError:
    runtime = None


def table(polynomial, width):
    """The byte table of a reflected CRC."""
    rows = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        rows.append(value)
    return rows, (1 << width) - 1


# Castagnoli, and the polynomial of the NVM Express specification, both reflected.
CRC32C = table(0x82F63B78, 32)
CRC64NVME = table(0x9A6C9329AC4BC9B5, 64)


def crc(rows_and_mask, data):
    rows, mask = rows_and_mask
    value = mask
    for byte in data:
        value = rows[(value ^ byte) & 255] ^ (value >> 8)
    return value ^ mask


def raw(algorithm, data):
    if algorithm == "CRC32":
        return zlib.crc32(data).to_bytes(4, "big")
    if algorithm == "CRC32C":
        return (runtime.crc32c(data) if runtime else crc(CRC32C, data)).to_bytes(4, "big")
    if algorithm == "CRC64NVME":
        return (runtime.crc64nvme(data) if runtime else crc(CRC64NVME, data)).to_bytes(8, "big")
    return hashlib.new(algorithm.lower(), data).digest()


def checksum(algorithm, data):
    """The value as S3 writes it."""
    return base64.b64encode(raw(algorithm, data)).decode()


def composite(algorithm, pieces):
    """The checksum of the parts' checksums and their count, as S3 writes it for a multipart object."""
    joined = b"".join(raw(algorithm, piece) for piece in pieces)
    return f"{checksum(algorithm, joined)}-{len(pieces)}"


assert crc(CRC32C, b"123456789") == 0xE3069283
assert crc(CRC64NVME, b"123456789") == 0xAE8B14860A799888
