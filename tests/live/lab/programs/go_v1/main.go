// Prints what the default chain of the AWS SDK for Go v1 ends as.
package main

import (
	"encoding/json"
	"os"

	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	result := map[string]string{}
	settings, err := session.NewSession()
	if err == nil {
		credentials, failure := settings.Config.Credentials.Get()
		result["key"], err = credentials.AccessKeyID, failure
	}
	if err != nil {
		result = map[string]string{"error": err.Error()}
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
