# Prints what the default chain of the AWS SDK for Ruby ends as.
require 'json'
require 'aws-sdk-core'

result =
  begin
    credentials = Aws::STS::Client.new.config.credentials
    if credentials&.set?
      { key: credentials.credentials.access_key_id }
    else
      { error: 'none' }
    end
  rescue Exception => e
    { error: "#{e.class}: #{e.message}" }
  end
puts JSON.generate(result)
