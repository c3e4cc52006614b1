# history of the sample images.
try docker history --no-trunc --format '{{.ID}} {{.CreatedBy}} {{.Comment}}' busybox
try docker history -q web
try docker history missing
api GET '/v1.41/images/web/history'
