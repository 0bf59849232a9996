"""Prints what botocore's default chain ends as."""

import json

import botocore.session

try:
    credentials = botocore.session.get_session().get_credentials()
    if credentials is None:
        result = {"error": "none"}
    else:
        result = {"key": credentials.get_frozen_credentials().access_key}
except Exception as error:
    result = {"error": f"{type(error).__name__}: {error}"}
print(json.dumps(result))
