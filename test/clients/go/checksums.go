package main

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"
)

// digests has every checksum of S3 by the code of a library that Sherd does not use.
var digests = map[string]func([]byte) []byte{
	"CRC32":     func(data []byte) []byte { return word32(crc32.ChecksumIEEE(data)) },
	"CRC32C":    func(data []byte) []byte { return word32(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))) },
	"CRC64NVME": func(data []byte) []byte { return word64(crc64nvme.Checksum(data)) },
	"SHA1":      func(data []byte) []byte { sum := sha1.Sum(data); return sum[:] },
	"SHA256":    func(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] },
	"SHA512":    func(data []byte) []byte { sum := sha512.Sum512(data); return sum[:] },
	"MD5":       func(data []byte) []byte { sum := md5.Sum(data); return sum[:] },
	"XXHASH64":  func(data []byte) []byte { return word64(xxhash.Sum64(data)) },
	"XXHASH3":   func(data []byte) []byte { return word64(xxh3.Hash(data)) },
	"XXHASH128": func(data []byte) []byte { sum := xxh3.Hash128(data).Bytes(); return sum[:] },
}

var algorithms = []string{
	"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128",
}

func word32(value uint32) []byte { return binary.BigEndian.AppendUint32(nil, value) }

func word64(value uint64) []byte { return binary.BigEndian.AppendUint64(nil, value) }

func checksum(algorithm string, data []byte) string {
	return base64.StdEncoding.EncodeToString(digests[algorithm](data))
}

// composite is the checksum of the parts' checksums, with their number.
func composite(algorithm string, parts [][]byte) string {
	var sums []byte
	for _, part := range parts {
		sums = append(sums, digests[algorithm](part)...)
	}
	return fmt.Sprintf("%s-%d", checksum(algorithm, sums), len(parts))
}
