// Prints what the default chain of the AWS SDK for JavaScript v3 ends as.
const { STSClient } = require("@aws-sdk/client-sts");

(async () => {
  let result;
  try {
    result = { key: (await new STSClient({}).config.credentials()).accessKeyId };
  } catch (error) {
    result = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(result));
})();
