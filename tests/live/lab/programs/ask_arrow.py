"""Sends one request with the AWS SDK for C++ inside pyarrow. The fake of S3 sees the key id of its signature."""

import json

import pyarrow.fs

try:
    pyarrow.fs.S3FileSystem().get_file_info("bucket/key")
    result = {"sent": True}
except Exception as error:
    result = {"sent": True, "error": f"{type(error).__name__}: {error}"}
print(json.dumps(result))
