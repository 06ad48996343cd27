// Go's metadata client and its application default credentials in gauth-serve: they find a metadata server, take tokens from
// it, and list accounts in the sandbox. The environment is that of gauth-serve's command; one argument, the e-mail of the
// account, and for a service account a second, its project.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"

	"cloud.google.com/go/compute/metadata"
	"golang.org/x/oauth2/google"
)

const readonly = "https://www.googleapis.com/auth/analytics.readonly"

func main() {
	log.SetFlags(0)
	require(metadata.OnGCE(), "not on Google Cloud")
	email, err := metadata.Email("default")
	require(err == nil && email == os.Args[1], "e-mail", email, err)
	_, err = metadata.InstanceName()
	require(err == nil, err)

	for count := 0; count < 20; count++ {
		// Each has a cache of its own.
		client, err := google.DefaultClient(context.Background(), readonly)
		require(err == nil, err)
		response, err := client.Get(os.Getenv("GAUTH_SANDBOX_URL") + "/v1beta/accountSummaries?pageSize=1")
		require(err == nil, err)
		var page struct{ AccountSummaries []interface{} }
		require(json.NewDecoder(response.Body).Decode(&page) == nil, "no JSON")
		require(response.StatusCode == 200 && len(page.AccountSummaries) == 1, response.Status)
		response.Body.Close()
	}
	_, err = metadata.Get("instance/service-accounts/default/nothing")
	_, missing := err.(metadata.NotDefinedError)
	require(missing, err)
	if len(os.Args) > 2 {
		project, err := metadata.ProjectID()
		require(err == nil && project == os.Args[2], "project", project, err)
		query := url.Values{"audience": {"https://run.example.test"}, "format": {"full"}}
		_, err = metadata.Get("instance/service-accounts/default/identity?" + query.Encode())
		require(err == nil, err)
	}
	fmt.Println("ok")
}

func require(holds bool, why ...interface{}) {
	if !holds {
		log.Fatalln(why...)
	}
}
