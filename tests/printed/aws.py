"""The AWS CLI, for a command line that the project prints: its words are read as version 2 reads them, and its calls go to moto.

A call that moto does not have ends where it would be sent: by then botocore has held its parameters against the service's model. TRIED_LOG gets a
line for each call: the operation, and "moto" or "model".
"""

import argparse
import functools
import json
import os
import pathlib
import re
import sys

import awscli.clidriver
import botocore
import moto
from botocore.awsrequest import AWSResponse


@functools.cache
def sources(service):
    """moto's answers of a service: a method for each operation, in one file or a folder of them."""
    found = pathlib.Path(moto.__file__).parent.glob(f"{service}/responses*")
    return "\n".join(file.read_text() for one in found for file in ([one] if one.is_file() else sorted(one.glob("*.py"))))


def before_call(model, **_):
    service, operation = model.service_model.service_name, botocore.xform_name(model.name)
    there = re.search(rf"def {operation}\(", sources(service))
    with open(os.environ["TRIED_LOG"], "a") as log:
        log.write(json.dumps([f"{service} {operation.replace('_', '-')}", "moto" if there else "model"]) + "\n")
    return None if there else (AWSResponse("", 200, {}, None), {})


def main():
    # Version 1 takes a flag's beginning for the flag; version 2 does not.
    argparse.ArgumentParser._get_option_tuples = lambda parser, flag: []
    driver = awscli.clidriver.create_clidriver()
    driver.session.register("before-call", before_call)
    return driver.main()


sys.exit(main())
