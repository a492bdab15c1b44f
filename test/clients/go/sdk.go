package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

var sdkJobs = []job{
	{"objects-and-listings", objectsAndListings},
	{"versions", versions},
	{"errors-by-type", errorsByType},
	{"conditional-writes", conditionalWrites},
	{"region-of-a-bucket", regionOfABucket},
	{"presigned-url-and-form", presigned},
	{"storage-classes", storageClasses},
	{"checksums-by-value", checksumsByValue},
	{"checksums-that-the-client-computes", computedChecksums},
	{"checksums-of-parts", checksumsOfParts},
	{"checksum-in-a-trailer", checksumInATrailer},
	{"manager", oldManager},
	{"transfer-manager", transferManager},
	{"transfer-manager-folder", transferFolder},
}

func loaded(ctx context.Context, options ...func(*config.LoadOptions) error) aws.Config {
	settings := get(config.LoadDefaultConfig(ctx, append(options, config.WithRegion(region), config.WithRetryMaxAttempts(1))...))
	return settings
}

func sdk(ctx context.Context) *s3.Client {
	return s3.NewFromConfig(loaded(ctx), func(options *s3.Options) {
		options.BaseEndpoint = &endpoint
		options.UsePathStyle = true
	})
}

// sdkTLS talks to the TLS front, whose certificate it trusts.
func sdkTLS(ctx context.Context) *s3.Client {
	if tlsEndpoint == "" {
		panic(skip("no openssl to make a certificate with"))
	}
	bundle := bytes.NewReader(get(os.ReadFile(os.Getenv("CLIENTS_TLS_CERTIFICATE"))))
	return s3.NewFromConfig(loaded(ctx, config.WithCustomCABundle(bundle)), func(options *s3.Options) {
		options.BaseEndpoint = &tlsEndpoint
		options.UsePathStyle = true
	})
}

// withBucket works in a new bucket and removes it with all its versions.
func withBucket(ctx context.Context, client *s3.Client, work func(bucket *string)) {
	bucket := aws.String(uniqueBucket("go"))
	get(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	must(s3.NewBucketExistsWaiter(client).Wait(ctx, &s3.HeadBucketInput{Bucket: bucket}, 5*time.Second))
	work(bucket)
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket})
	for pages.HasMorePages() {
		page := get(pages.NextPage(ctx))
		var doomed []types.ObjectIdentifier
		for _, version := range page.Versions {
			doomed = append(doomed, types.ObjectIdentifier{Key: version.Key, VersionId: version.VersionId})
		}
		for _, marker := range page.DeleteMarkers {
			doomed = append(doomed, types.ObjectIdentifier{Key: marker.Key, VersionId: marker.VersionId})
		}
		if len(doomed) == 0 {
			continue
		}
		gone := get(client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: doomed}}))
		same([]int{len(gone.Deleted), len(gone.Errors)}, []int{len(doomed), 0}, "DeleteObjects")
	}
	get(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
	must(s3.NewBucketNotExistsWaiter(client).Wait(ctx, &s3.HeadBucketInput{Bucket: bucket}, 5*time.Second))
}

func put(ctx context.Context, client *s3.Client, bucket *string, key string, data []byte) *s3.PutObjectOutput {
	return get(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(data)}))
}

func body(ctx context.Context, client *s3.Client, input *s3.GetObjectInput) []byte {
	output := get(client.GetObject(ctx, input))
	defer output.Body.Close()
	return get(io.ReadAll(output.Body))
}

var oddKeys = []string{"a b", "plus+plus", "per%20cent", "é ü/日本", "semi;colon&and=", "quote\"'", "//double//", "tilde~(1)*!"}

func objectsAndListings(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		for _, size := range []int{0, 1, 100_000, 3_000_000} {
			data := content("object", size)
			input := &s3.PutObjectInput{
				Bucket: bucket, Key: aws.String("o"), Body: bytes.NewReader(data), ContentType: aws.String("text/x-pot"),
				Metadata: map[string]string{"kind": "pot"}, Tagging: aws.String("made=by+hand"),
			}
			get(client.PutObject(ctx, input))
			head := get(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("o")}))
			same([]any{*head.ContentLength, *head.ContentType, head.Metadata["kind"]}, []any{int64(size), "text/x-pot", "pot"}, "HEAD")
			same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("o")}), data, "body")
		}
		tags := get(client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("o")}))
		same(*tags.TagSet[0].Value, "by hand", "a tag")
		ranged := body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("o"), Range: aws.String("bytes=1000-1999")})
		same(ranged, content("object", 3_000_000)[1000:2000], "a range")
		for _, key := range oddKeys {
			put(ctx, client, bucket, "odd/"+key, []byte(key))
			same(string(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("odd/" + key)})), key, "a key")
			copied := get(client.CopyObject(ctx, &s3.CopyObjectInput{
				Bucket: bucket, Key: aws.String("copy/" + key), CopySource: aws.String(*bucket + "/" + escaped("odd/"+key)),
			}))
			same(copied.CopyObjectResult.ETag != nil, true, "the copy has an ETag")
		}
		found := map[string]bool{}
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("copy/"), MaxKeys: aws.Int32(3)})
		for pages.HasMorePages() {
			for _, entry := range get(pages.NextPage(ctx)).Contents {
				found[strings.TrimPrefix(*entry.Key, "copy/")] = true
			}
		}
		same(len(found), len(oddKeys), "keys listed")
		for _, key := range oddKeys {
			same(found[key], true, "listed: "+key)
		}
	})
}

// escaped is how a copy source has to be written: the SDK for Go sends it as it stands.
func escaped(key string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var out strings.Builder
	for _, octet := range []byte(key) {
		if strings.IndexByte(unreserved, octet) >= 0 {
			out.WriteByte(octet)
		} else {
			const digits = "0123456789ABCDEF"
			out.Write([]byte{'%', digits[octet>>4], digits[octet&15]})
		}
	}
	return out.String()
}

func versions(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		enabled := &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}
		get(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: enabled}))
		first := put(ctx, client, bucket, "k", []byte("first"))
		put(ctx, client, bucket, "k", []byte("second"))
		marker := get(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")}))
		same(*marker.DeleteMarker, true, "a delete marker")
		old := body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: first.VersionId})
		same(string(old), "first", "the first version")
		get(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: marker.VersionId}))
		same(string(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})), "second", "without the marker")
	})
}

func code(err error) string {
	var failure smithy.APIError
	if !errors.As(err, &failure) {
		return "no API error"
	}
	return failure.ErrorCode()
}

func errorsByType(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
		var noKey *types.NoSuchKey
		same(errors.As(err, &noKey), true, "NoSuchKey")
		_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
		var notFound *types.NotFound
		same(errors.As(err, &notFound), true, "NotFound")
		_, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("no-such-bucket-at-all")})
		var noBucket *types.NoSuchBucket
		same(errors.As(err, &noBucket), true, "NoSuchBucket")
		_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
		var owned *types.BucketAlreadyOwnedByYou
		same(err == nil || errors.As(err, &owned), true, "a second CreateBucket")
		_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: aws.String("k"), UploadId: aws.String("none")})
		var noUpload *types.NoSuchUpload
		same(errors.As(err, &noUpload), true, "NoSuchUpload")
		_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none"), Range: aws.String("bytes=5-")})
		same(code(err), "NoSuchKey", "a range of nothing")
		put(ctx, client, bucket, "short", []byte("short"))
		_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("short"), Range: aws.String("bytes=5-")})
		same(code(err), "InvalidRange", "a range beyond the end")
	})
}

func conditionalWrites(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		input := func(text string) *s3.PutObjectInput {
			return &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader(text)}
		}
		fresh := input("one")
		fresh.IfNoneMatch = aws.String("*")
		made := get(client.PutObject(ctx, fresh))
		again := input("two")
		again.IfNoneMatch = aws.String("*")
		_, err := client.PutObject(ctx, again)
		same(code(err), "PreconditionFailed", "If-None-Match: *")
		replace := input("three")
		replace.IfMatch = made.ETag
		get(client.PutObject(ctx, replace))
		lost := input("four")
		lost.IfMatch = made.ETag
		_, err = client.PutObject(ctx, lost)
		same(code(err), "PreconditionFailed", "If-Match with an old ETag")
		same(string(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})), "three", "what is stored")
	})
}

// The region is found by an unsigned HEAD, whose answer is 403 for a bucket that is not public.
func regionOfABucket(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		same(get(manager.GetBucketRegion(ctx, client, *bucket)), region, "GetBucketRegion")
		_, err := manager.GetBucketRegion(ctx, client, "no-such-bucket-at-all")
		same(err != nil, true, "a bucket that is not there has a region")
	})
}

func presigned(ctx context.Context) {
	client := sdk(ctx)
	signer := s3.NewPresignClient(client)
	withBucket(ctx, client, func(bucket *string) {
		up := get(signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a b+é")}))
		same(send(ctx, up.Method, up.URL, up.SignedHeader, "by a link"), "200 ", "PUT by a link")
		down := get(signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a b+é")}))
		same(send(ctx, down.Method, down.URL, down.SignedHeader, ""), "200 by a link", "GET by a link")
		form := get(signer.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("formed")}))
		same(postForm(ctx, form.URL, form.Values, "by a form"), 204, "POST of a form")
		same(string(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("formed")})), "by a form", "the form's file")
	})
}

func send(ctx context.Context, method, url string, header http.Header, text string) string {
	request := get(http.NewRequestWithContext(ctx, method, url, strings.NewReader(text)))
	for name, values := range header {
		request.Header[name] = values
	}
	answer := get(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	return answer.Status[:4] + string(get(io.ReadAll(answer.Body)))
}

var classes = []string{
	"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "REDUCED_REDUNDANCY",
}

func storageClasses(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		for i, class := range classes {
			data := content(class, 40_000)
			input := &s3.PutObjectInput{Bucket: bucket, Key: &class, Body: bytes.NewReader(data), StorageClass: types.StorageClass(class)}
			get(client.PutObject(ctx, input))
			expectClass(ctx, client, bucket, class, class)
			same(body(ctx, client, &s3.GetObjectInput{Bucket: bucket, Key: &class}), data, "an object of "+class)
			// Onto itself: the class alone makes the copy legal.
			next := classes[(i+1)%len(classes)]
			get(client.CopyObject(ctx, &s3.CopyObjectInput{
				Bucket: bucket, Key: &class, CopySource: aws.String(*bucket + "/" + class), StorageClass: types.StorageClass(next),
			}))
			expectClass(ctx, client, bucket, class, next)
		}
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("x"), Body: strings.NewReader("x"), StorageClass: "LUKEWARM",
		})
		same(code(err), "InvalidStorageClass", "an unknown class")
	})
}

func expectClass(ctx context.Context, client *s3.Client, bucket *string, key, class string) {
	head := get(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key}))
	shownByHead := string(head.StorageClass)
	if shownByHead == "" {
		shownByHead = "STANDARD" // S3 has no header for it.
	}
	listed := get(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: &key, MaxKeys: aws.Int32(1)}))
	same([]string{shownByHead, string(listed.Contents[0].StorageClass)}, []string{class, class}, "class of "+key)
}
