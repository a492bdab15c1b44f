package main

import (
	"bytes"
	"context"
	"io"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// The members of requests and answers have the algorithm in their names: ChecksumXXHASH64 and so on.
func setChecksum(input any, algorithm, value string) {
	reflect.ValueOf(input).Elem().FieldByName("Checksum" + algorithm).Set(reflect.ValueOf(&value))
}

func checksumOf(output any, algorithm string) string {
	value, _ := reflect.ValueOf(output).Elem().FieldByName("Checksum" + algorithm).Interface().(*string)
	return aws.ToString(value)
}

func checksumsByValue(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		for _, algorithm := range algorithms {
			for _, size := range []int{0, 5, 300_000} {
				data := content(algorithm, size)
				value := checksum(algorithm, data)
				input := &s3.PutObjectInput{Bucket: bucket, Key: &algorithm, Body: bytes.NewReader(data)}
				setChecksum(input, algorithm, value)
				output := get(client.PutObject(ctx, input))
				same(checksumOf(output, algorithm), value, "answer of the PUT with "+algorithm)
				head := get(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &algorithm, ChecksumMode: types.ChecksumModeEnabled}))
				same([]string{checksumOf(head, algorithm), string(head.ChecksumType)}, []string{value, "FULL_OBJECT"}, "HEAD of "+algorithm)
				// The client verifies the algorithms that it can compute.
				same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: &algorithm, ChecksumMode: types.ChecksumModeEnabled}), data, "body")
			}
			wrong := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("wrong"), Body: bytes.NewReader([]byte("clay"))}
			setChecksum(wrong, algorithm, checksum(algorithm, []byte("sand")))
			_, err := client.PutObject(ctx, wrong)
			same(code(err), "BadDigest", "a wrong "+algorithm)
			attributes := get(client.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
				Bucket: bucket, Key: &algorithm, ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesChecksum},
			}))
			same(checksumOf(attributes.Checksum, algorithm), checksum(algorithm, content(algorithm, 300_000)), "attributes of "+algorithm)
		}
	})
}

// The SDK has code for these; the others it only passes on.
var computedBySDK = []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512"}

func computedChecksums(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		data := content("computed", 200_000)
		for _, algorithm := range computedBySDK {
			output := get(client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: bucket, Key: &algorithm, Body: bytes.NewReader(data), ChecksumAlgorithm: types.ChecksumAlgorithm(algorithm),
			}))
			same(checksumOf(output, algorithm), checksum(algorithm, data), "computed "+algorithm)
			same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: &algorithm}), data, "body")
		}
		byDefault := put(ctx, client, bucket, "default", data)
		same(checksumOf(byDefault, "CRC32"), checksum("CRC32", data), "CRC32 by default")
	})
}

// CRC64NVME knows the full object only, the digests and the XXHASH family composites only.
func typesOf(algorithm string) []types.ChecksumType {
	switch algorithm {
	case "CRC64NVME":
		return []types.ChecksumType{types.ChecksumTypeFullObject}
	case "CRC32", "CRC32C":
		return []types.ChecksumType{types.ChecksumTypeFullObject, types.ChecksumTypeComposite}
	default:
		return []types.ChecksumType{types.ChecksumTypeComposite}
	}
}

func checksumsOfParts(ctx context.Context) {
	client := sdk(ctx)
	parts := [][]byte{content("part 1", 5<<20), content("part 2", 70_000)}
	whole := bytes.Join(parts, nil)
	withBucket(ctx, client, func(bucket *string) {
		for _, algorithm := range algorithms {
			for _, kind := range typesOf(algorithm) {
				expected := composite(algorithm, parts)
				if kind == types.ChecksumTypeFullObject {
					expected = checksum(algorithm, whole)
				}
				key := aws.String(algorithm + "-" + string(kind))
				done := uploadParts(ctx, client, bucket, key, algorithm, kind, parts)
				same(checksumOf(done, algorithm), expected, "answer of Complete, "+*key)
				head := get(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled}))
				same([]string{checksumOf(head, algorithm), string(head.ChecksumType)}, []string{expected, string(kind)}, "HEAD, "+*key)
				same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: key}), whole, *key)
			}
		}
	})
}

func uploadParts(
	ctx context.Context, client *s3.Client, bucket, key *string, algorithm string, kind types.ChecksumType, parts [][]byte,
) *s3.CompleteMultipartUploadOutput {
	created := get(client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithm(algorithm), ChecksumType: kind,
	}))
	var sent []types.CompletedPart
	for i, part := range parts {
		number := aws.Int32(int32(i + 1))
		input := &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: created.UploadId, PartNumber: number, Body: bytes.NewReader(part)}
		setChecksum(input, algorithm, checksum(algorithm, part))
		output := get(client.UploadPart(ctx, input))
		entry := types.CompletedPart{PartNumber: number, ETag: output.ETag}
		setChecksum(&entry, algorithm, checksum(algorithm, part))
		sent = append(sent, entry)
	}
	listed := get(client.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: created.UploadId}))
	same(checksumOf(&listed.Parts[1], algorithm), checksum(algorithm, parts[1]), "ListParts")
	return get(client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: key, UploadId: created.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: sent},
	}))
}

// Over TLS a body that cannot be read twice goes in chunks, with its checksum after it.
func checksumInATrailer(ctx context.Context) {
	client := sdkTLS(ctx)
	withBucket(ctx, client, func(bucket *string) {
		data := content("trailer", 500_000)
		for _, algorithm := range computedBySDK {
			input := &s3.PutObjectInput{
				Bucket: bucket, Key: &algorithm, Body: io.NopCloser(unseekable{bytes.NewReader(data)}),
				ContentLength: aws.Int64(int64(len(data))), ChecksumAlgorithm: types.ChecksumAlgorithm(algorithm),
			}
			output := get(client.PutObject(ctx, input))
			same(checksumOf(output, algorithm), checksum(algorithm, data), "trailer of "+algorithm)
			same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: &algorithm}), data, "body")
		}
	})
}
