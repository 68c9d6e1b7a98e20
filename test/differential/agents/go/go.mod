module handfast/differential-judge

go 1.24
