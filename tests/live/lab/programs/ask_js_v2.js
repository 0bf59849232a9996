// Prints what the default chain of the AWS SDK for JavaScript v2 ends as.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const AWS = require("aws-sdk");

AWS.config.getCredentials((error) => {
  const result = error ? { error: `${error.name}: ${error.message}` } : { key: AWS.config.credentials.accessKeyId };
  console.log(JSON.stringify(result));
});
