module handfast/matrix-agent

go 1.26
