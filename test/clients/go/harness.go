// Command clients runs the Go clients of S3 against a server and prints one JSON line for each job.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"time"
)

// A job fails by a panic, as an assertion does.
type job struct {
	name string
	run  func(context.Context)
}

var (
	endpoint    = os.Getenv("CLIENTS_ENDPOINT")
	tlsEndpoint = os.Getenv("CLIENTS_TLS_ENDPOINT")
	accessKey   = os.Getenv("AWS_ACCESS_KEY_ID")
	secretKey   = os.Getenv("AWS_SECRET_ACCESS_KEY")
	region      = os.Getenv("AWS_DEFAULT_REGION")
	folder      = os.Getenv("CLIENTS_FOLDER")
)

type skip string

func main() {
	groups := map[string][]job{"sdk": sdkJobs, "minio": minioJobs}
	for _, name := range os.Args[1:] {
		for _, each := range groups[name] {
			line, err := json.Marshal(outcome(each))
			must(err)
			fmt.Println(string(line))
		}
	}
}

func outcome(each job) (result map[string]any) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	defer func() {
		reason := recover()
		result = map[string]any{"job": each.name, "ms": time.Since(started).Milliseconds(), "status": "ok"}
		if why, isSkip := reason.(skip); isSkip {
			result["status"], result["why"] = "skipped", string(why)
		} else if reason != nil {
			result["status"], result["output"] = "failed", fmt.Sprintf("%v\n%s", reason, debug.Stack())
		}
	}()
	each.run(ctx)
	return nil
}

// must panics if there is an error.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// get returns the value of a call that must not fail.
func get[T any](value T, err error) T {
	must(err)
	return value
}

// same panics unless both are deeply equal.
func same(actual, expected any, what string) {
	if left, isBytes := actual.([]byte); isBytes && bytes.Equal(left, expected.([]byte)) {
		return // nil or empty
	}
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%s: expected %s, got %s", what, shown(expected), shown(actual)))
	}
}

func shown(value any) string {
	if data, isBytes := value.([]byte); isBytes && len(data) > 80 {
		return fmt.Sprintf("%d bytes, which begin with %x", len(data), data[:8])
	}
	return fmt.Sprintf("%#v", value)
}

// content returns size bytes that follow from the seed alone.
func content(seed string, size int) []byte {
	var key [32]byte
	copy(key[:], seed)
	data := make([]byte, size)
	get(mathrand.NewChaCha8(key).Read(data))
	return data
}

func uniqueBucket(purpose string) string {
	var suffix [5]byte
	get(rand.Read(suffix[:]))
	return purpose + "-" + hex.EncodeToString(suffix[:])
}

// unseekable hides everything but Read: the size and the end are not known beforehand.
type unseekable struct{ inner *bytes.Reader }

func (u unseekable) Read(into []byte) (int, error) { return u.inner.Read(into) }
