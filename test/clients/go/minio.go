package main

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"
)

var minioJobs = []job{
	{"objects", minioObjects},
	{"streams-of-unknown-size", minioStreams},
	{"checksums", minioChecksums},
	{"storage-classes", minioClasses},
	{"compose-and-append", minioCompose},
	{"versions-tags-locks", minioLocks},
	{"url-and-form", minioForms},
	{"conditions", minioConditions},
}

func minioClient(trailers bool) *minio.Client {
	address := get(url.Parse(endpoint))
	return get(minio.New(address.Host, &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Secure: address.Scheme == "https",
		TrailingHeaders: trailers, MaxRetries: 1,
	}))
}

// withMinioBucket works in a new bucket, empties it by the client's own bulk delete and removes it.
func withMinioBucket(ctx context.Context, options minio.MakeBucketOptions, work func(client *minio.Client, bucket string)) {
	client, bucket := minioClient(true), uniqueBucket("minio-go")
	must(client.MakeBucket(ctx, bucket, options))
	same(get(client.BucketExists(ctx, bucket)), true, "BucketExists")
	same(get(client.GetBucketLocation(ctx, bucket)), region, "GetBucketLocation")
	work(client, bucket)
	doomed := client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true})
	for failure := range client.RemoveObjects(ctx, bucket, doomed, minio.RemoveObjectsOptions{GovernanceBypass: options.ObjectLocking}) {
		must(failure.Err)
	}
	must(client.RemoveBucket(ctx, bucket))
	same(get(client.BucketExists(ctx, bucket)), false, "BucketExists of a removed bucket")
}

func read(ctx context.Context, client *minio.Client, bucket, key string, options minio.GetObjectOptions) []byte {
	object := get(client.GetObject(ctx, bucket, key, options))
	defer object.Close()
	return get(io.ReadAll(object))
}

func minioObjects(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		for _, key := range append(oddKeys[:6:6], "tilde~(1)*!") {
			for _, size := range []int{0, 70_000} {
				data := content(key, size)
				options := minio.PutObjectOptions{UserMetadata: map[string]string{"Kind": "pot"}, ContentType: "text/x-pot", SendContentMd5: true}
				get(client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(size), options))
				same(read(ctx, client, bucket, key, minio.GetObjectOptions{}), data, key)
				found := get(client.StatObject(ctx, bucket, key, minio.StatObjectOptions{}))
				same([]any{found.Size, found.ContentType, found.UserMetadata["Kind"]}, []any{int64(size), "text/x-pot", "pot"}, "stat")
			}
		}
		for _, options := range []minio.ListObjectsOptions{{MaxKeys: 2}, {MaxKeys: 2, UseV1: true}, {WithVersions: true}} {
			options.Recursive = true
			count := 0
			for entry := range client.ListObjects(ctx, bucket, options) {
				must(entry.Err)
				count++
			}
			same(count, 7, "keys listed")
		}
		path := filepath.Join(folder, "minio-go-file")
		must(os.WriteFile(path, content("file", 17<<20), 0o600))
		get(client.FPutObject(ctx, bucket, "file", path, minio.PutObjectOptions{PartSize: 5 << 20}))
		must(client.FGetObject(ctx, bucket, "file", path+"-back", minio.GetObjectOptions{}))
		same(get(os.ReadFile(path+"-back")), content("file", 17<<20), "a file sent in parts")
		object := get(client.GetObject(ctx, bucket, "file", minio.GetObjectOptions{}))
		defer object.Close()
		middle := make([]byte, 1000)
		get(object.ReadAt(middle, 9_000_000))
		same(middle, content("file", 17<<20)[9_000_000:9_001_000], "ReadAt")
		get(object.Seek(-10, io.SeekEnd))
		same(get(io.ReadAll(object)), content("file", 17<<20)[17<<20-10:], "the end after Seek")
		_, err := client.StatObject(ctx, bucket, "none", minio.StatObjectOptions{})
		same(minio.ToErrorResponse(err).Code, "NoSuchKey", "stat of nothing")
	})
}

func minioStreams(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(_ *minio.Client, bucket string) {
		for _, trailers := range []bool{true, false} {
			client := minioClient(trailers)
			for _, size := range []int{0, 100, 5 << 20, 11 << 20} {
				data := content("stream", size)
				for _, options := range []minio.PutObjectOptions{{PartSize: 5 << 20}, {PartSize: 5 << 20, ConcurrentStreamParts: true, NumThreads: 3}} {
					sent := get(client.PutObject(ctx, bucket, "s", unseekable{bytes.NewReader(data)}, -1, options))
					same(sent.Size, int64(size), "bytes sent")
					same(read(ctx, client, bucket, "s", minio.GetObjectOptions{}), data, "a stream")
				}
			}
		}
	})
}

var minioChecksumTypes = map[string]minio.ChecksumType{
	"CRC32": minio.ChecksumCRC32, "CRC32C": minio.ChecksumCRC32C, "CRC64NVME": minio.ChecksumCRC64NVME,
	"SHA1": minio.ChecksumSHA1, "SHA256": minio.ChecksumSHA256, "SHA512": minio.ChecksumSHA512, "MD5": minio.ChecksumMD5,
	"XXHASH64": minio.ChecksumXXHash64, "XXHASH3": minio.ChecksumXXHash3, "XXHASH128": minio.ChecksumXXHash128,
}

func minioChecksums(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		for _, algorithm := range algorithms {
			kind := minioChecksumTypes[algorithm]
			data := content(algorithm, 100_000)
			sent := get(client.PutObject(ctx, bucket, algorithm, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{Checksum: kind}))
			same(sent.ChecksumMode, "FULL_OBJECT", "type of "+algorithm)
			found := get(client.StatObject(ctx, bucket, algorithm, minio.StatObjectOptions{Checksum: true}))
			same(found.Checksum(kind), checksum(algorithm, data), "checksum in the stat of "+algorithm)
			// The client verifies what it reads.
			same(read(ctx, client, bucket, algorithm, minio.GetObjectOptions{Checksum: true}), data, algorithm)
			parts := [][]byte{content(algorithm+" 1", 5<<20), content(algorithm+" 2", 9)}
			whole := bytes.Join(parts, nil)
			options := minio.PutObjectOptions{Checksum: kind, PartSize: 5 << 20}
			get(client.PutObject(ctx, bucket, algorithm+" parts", bytes.NewReader(whole), int64(len(whole)), options))
			expected := composite(algorithm, parts)
			if algorithm == "CRC64NVME" {
				expected = checksum(algorithm, whole)
			}
			found = get(client.StatObject(ctx, bucket, algorithm+" parts", minio.StatObjectOptions{Checksum: true}))
			same(found.Checksum(kind), expected, "checksum of parts by "+algorithm)
			same(read(ctx, client, bucket, algorithm+" parts", minio.GetObjectOptions{Checksum: true}), whole, algorithm)
		}
	})
}

func minioClasses(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		for _, class := range classes {
			get(client.PutObject(ctx, bucket, class, strings.NewReader(class), int64(len(class)), minio.PutObjectOptions{StorageClass: class}))
		}
		for entry := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{}) {
			same(entry.StorageClass, entry.Key, "class in the list")
		}
	})
}

func minioCompose(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		parts := [][]byte{content("compose 1", 5<<20), content("compose 2", 6<<20), content("compose 3", 3)}
		var sources []minio.CopySrcOptions
		for i, part := range parts {
			key := string(rune('a' + i))
			get(client.PutObject(ctx, bucket, key, bytes.NewReader(part), int64(len(part)), minio.PutObjectOptions{}))
			sources = append(sources, minio.CopySrcOptions{Bucket: bucket, Object: key})
		}
		get(client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "all"}, sources...))
		same(read(ctx, client, bucket, "all", minio.GetObjectOptions{}), bytes.Join(parts, nil), "a composed object")
		renamed := minio.CopyDestOptions{Bucket: bucket, Object: "c", UserMetadata: map[string]string{"Glaze": "ash"}, ReplaceMetadata: true}
		get(client.CopyObject(ctx, renamed, sources[2]))
		same(get(client.StatObject(ctx, bucket, "c", minio.StatObjectOptions{})).UserMetadata["Glaze"], "ash", "metadata by a copy onto itself")
		get(client.AppendObject(ctx, bucket, "c", strings.NewReader("more"), 4, minio.AppendObjectOptions{}))
		same(read(ctx, client, bucket, "c", minio.GetObjectOptions{}), append(parts[2], "more"...), "an object that grew")
	})
}

func minioLocks(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{ObjectLocking: true}, func(client *minio.Client, bucket string) {
		first := get(client.PutObject(ctx, bucket, "k", strings.NewReader("first"), 5, minio.PutObjectOptions{UserTags: map[string]string{"a b": "c d"}}))
		get(client.PutObject(ctx, bucket, "k", strings.NewReader("second"), 6, minio.PutObjectOptions{}))
		old := minio.GetObjectOptions{VersionID: first.VersionID}
		same(string(read(ctx, client, bucket, "k", old)), "first", "the first version")
		kept := get(client.GetObjectTagging(ctx, bucket, "k", minio.GetObjectTaggingOptions{VersionID: first.VersionID}))
		same(kept.ToMap(), map[string]string{"a b": "c d"}, "tags of a version")
		other := get(tags.MapToObjectTags(map[string]string{"kind": "pot"}))
		must(client.PutObjectTagging(ctx, bucket, "k", other, minio.PutObjectTaggingOptions{}))
		mode, until := minio.Governance, time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		must(client.PutObjectRetention(ctx, bucket, "k", minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: first.VersionID}))
		gotMode, gotUntil, err := client.GetObjectRetention(ctx, bucket, "k", first.VersionID)
		must(err)
		same([]any{*gotMode, gotUntil.UTC()}, []any{mode, until}, "retention")
		err = client.RemoveObject(ctx, bucket, "k", minio.RemoveObjectOptions{VersionID: first.VersionID})
		same(minio.ToErrorResponse(err).Code, "AccessDenied", "a version under retention is removed")
		held := minio.LegalHoldEnabled
		must(client.PutObjectLegalHold(ctx, bucket, "k", minio.PutObjectLegalHoldOptions{Status: &held}))
		same(*get(client.GetObjectLegalHold(ctx, bucket, "k", minio.GetObjectLegalHoldOptions{})), held, "legal hold")
		free := minio.LegalHoldDisabled
		must(client.PutObjectLegalHold(ctx, bucket, "k", minio.PutObjectLegalHoldOptions{Status: &free}))
	})
}

func minioForms(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		up := get(client.PresignedPutObject(ctx, bucket, "a b+é", time.Minute))
		same(send(ctx, "PUT", up.String(), nil, "by a link"), "200 ", "PUT by a link")
		named := url.Values{"response-content-disposition": {"attachment; filename=\"pot.txt\""}}
		down := get(client.PresignedGetObject(ctx, bucket, "a b+é", time.Minute, named))
		same(send(ctx, "GET", down.String(), nil, ""), "200 by a link", "GET by a link")
		policy := minio.NewPostPolicy()
		for _, err := range []error{
			policy.SetBucket(bucket), policy.SetKey("formed"), policy.SetExpires(time.Now().UTC().Add(time.Minute)),
			policy.SetContentLengthRange(1, 100), policy.SetUserMetadata("kind", "pot"), policy.SetContentType("text/plain"),
		} {
			must(err)
		}
		address, fields, err := client.PresignedPostPolicy(ctx, policy)
		must(err)
		same(postForm(ctx, address.String(), fields, "by a form"), 204, "POST of a form")
		same(postForm(ctx, address.String(), fields, strings.Repeat("x", 101)), 400, "POST of too long a file")
		found := get(client.StatObject(ctx, bucket, "formed", minio.StatObjectOptions{}))
		same([]any{found.Size, found.UserMetadata["Kind"]}, []any{int64(9), "pot"}, "what the form made")
	})
}

func minioConditions(ctx context.Context) {
	withMinioBucket(ctx, minio.MakeBucketOptions{}, func(client *minio.Client, bucket string) {
		var fresh, old minio.PutObjectOptions
		fresh.SetMatchETagExcept("*")
		made := get(client.PutObject(ctx, bucket, "k", strings.NewReader("one"), 3, fresh))
		_, err := client.PutObject(ctx, bucket, "k", strings.NewReader("two"), 3, fresh)
		same(minio.ToErrorResponse(err).Code, "PreconditionFailed", "If-None-Match: *")
		old.SetMatchETag(made.ETag)
		get(client.PutObject(ctx, bucket, "k", strings.NewReader("three"), 5, old))
		_, err = client.PutObject(ctx, bucket, "k", strings.NewReader("four"), 4, old)
		same(minio.ToErrorResponse(err).Code, "PreconditionFailed", "If-Match with an old ETag")
		same(string(read(ctx, client, bucket, "k", minio.GetObjectOptions{})), "three", "what is stored")
	})
}
