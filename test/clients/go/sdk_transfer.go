package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	transfer "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const large = 12<<20 + 5

// oldManager is feature/s3/manager, which most programs still use.
func oldManager(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		data := content("manager", large)
		uploader := manager.NewUploader(client, func(options *manager.Uploader) { options.PartSize = 5 << 20 })
		sent := get(uploader.Upload(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("k"), Body: unseekable{bytes.NewReader(data)}, StorageClass: types.StorageClassStandardIa,
		}))
		same([]any{len(sent.CompletedParts), sent.ChecksumType}, []any{3, types.ChecksumTypeComposite}, "what Upload says")
		expectClass(ctx, client, bucket, "k", "STANDARD_IA")
		into := manager.NewWriteAtBuffer(nil)
		downloader := manager.NewDownloader(client, func(options *manager.Downloader) { options.PartSize = 5 << 20 })
		same(get(downloader.Download(ctx, into, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})), int64(large), "bytes")
		same(into.Bytes(), data, "what was downloaded")
	})
}

func transferManager(ctx context.Context) {
	client := sdk(ctx)
	withBucket(ctx, client, func(bucket *string) {
		tm := transfermanager.New(client, func(options *transfermanager.Options) {
			options.PartSizeBytes, options.MultipartUploadThreshold = 5<<20, 6<<20
		})
		for _, size := range []int{0, 10, large} {
			data := content("transfer manager", size)
			get(tm.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: bucket, Key: aws.String("k"), Body: bytes.NewReader(data)}))
			for _, by := range []transfer.GetObjectType{transfer.GetObjectParts, transfer.GetObjectRanges} {
				choose := func(options *transfermanager.Options) { options.GetObjectType = by }
				streamed := get(tm.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: bucket, Key: aws.String("k")}, choose))
				same(get(io.ReadAll(streamed.Body)), data, "what was streamed by "+string(by))
				into := transfer.NewWriteAtBuffer(nil)
				get(tm.DownloadObject(ctx, &transfermanager.DownloadObjectInput{Bucket: bucket, Key: aws.String("k"), WriterAt: into}, choose))
				same(into.Bytes(), data, "what was downloaded by "+string(by))
			}
		}
	})
}

func transferFolder(ctx context.Context) {
	client := sdk(ctx)
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	names := []string{"a", "deep/b c", "deep/er/é"}
	for i, name := range names {
		path := filepath.Join(from, name)
		must(os.MkdirAll(filepath.Dir(path), 0o755))
		must(os.WriteFile(path, content(name, i*400_000+1), 0o644))
	}
	withBucket(ctx, client, func(bucket *string) {
		tm := transfermanager.New(client)
		up := get(tm.UploadDirectory(ctx, &transfermanager.UploadDirectoryInput{
			Bucket: bucket, Source: &from, Recursive: aws.Bool(true), KeyPrefix: aws.String("tree"),
		}))
		same(up.ObjectsUploaded, int64(len(names)), "files sent")
		down := get(tm.DownloadDirectory(ctx, &transfermanager.DownloadDirectoryInput{Bucket: bucket, Destination: &to, KeyPrefix: aws.String("tree/")}))
		same(down.ObjectsDownloaded, int64(len(names)), "files fetched")
		for i, name := range names {
			same(get(os.ReadFile(filepath.Join(to, name))), content(name, i*400_000+1), name)
		}
	})
}
