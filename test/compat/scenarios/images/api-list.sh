# A row of images/json, every field.
quiet docker rmi web
api GET '/v1.41/images/json'
api GET '/v1.41/images/json?digests=1'
api GET '/v1.41/images/json?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D'
