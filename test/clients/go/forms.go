package main

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
)

// postForm posts a form with one file as a browser does, and returns the status.
func postForm(ctx context.Context, url string, fields map[string]string, text string) int {
	var encoded bytes.Buffer
	form := multipart.NewWriter(&encoded)
	for name, value := range fields {
		must(form.WriteField(name, value))
	}
	file := get(form.CreateFormFile("file", "pot.txt"))
	get(io.WriteString(file, text))
	must(form.Close())
	request := get(http.NewRequestWithContext(ctx, http.MethodPost, url, &encoded))
	request.Header.Set("Content-Type", form.FormDataContentType())
	answer := get(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	get(io.ReadAll(answer.Body))
	return answer.StatusCode
}
