# system/df, every field.
quiet docker run --name c1 -v v1:/v busybox true
quiet docker rmi web
api GET /v1.41/system/df
