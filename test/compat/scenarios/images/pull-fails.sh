# Pulling from where nobody answers.
try docker pull 127.0.0.1:1/none
try docker run --rm 127.0.0.1:1/none true
try docker pull 'Bad Name'
try docker push 127.0.0.1:1/none
