"""S3 and folders: recordings and artifacts. The only room that imports boto3; knows nothing of the catalog."""
