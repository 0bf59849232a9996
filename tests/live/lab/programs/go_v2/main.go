// Prints what the default chain of the AWS SDK for Go v2 ends as.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	result := map[string]string{}
	settings, err := config.LoadDefaultConfig(context.Background())
	if err == nil {
		credentials, failure := settings.Credentials.Retrieve(context.Background())
		result["key"], err = credentials.AccessKeyID, failure
	}
	if err != nil {
		result = map[string]string{"error": err.Error()}
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
