"""Recordings and artifacts in S3 and in folders. The only package that imports boto3; independent of the catalog."""
