// A judge: reads chains from standard input, a line each (name, seconds since 1970, leaf, sent certificates, roots), and prints
// `ok`, or why crypto/x509 refuses, a line each.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func parse(list string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for _, text := range strings.Split(list, ",") {
		if text == "" {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

func judge(line string) error {
	fields := strings.Split(line, "\t")
	if len(fields) != 5 {
		return fmt.Errorf("expected 5 fields, found %d", len(fields))
	}
	seconds, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return err
	}
	var lists [3][]*x509.Certificate
	for i := range lists {
		if lists[i], err = parse(fields[2+i]); err != nil {
			return err
		}
	}
	options := x509.VerifyOptions{
		DNSName:       fields[0],
		CurrentTime:   time.Unix(seconds, 0),
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, certificate := range lists[1] {
		options.Intermediates.AddCert(certificate)
	}
	for _, certificate := range lists[2] {
		options.Roots.AddCert(certificate)
	}
	_, err = lists[0][0].Verify(options)
	return err
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<22)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for input.Scan() {
		answer := "ok"
		if err := judge(input.Text()); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Fprintln(output, answer)
	}
}
