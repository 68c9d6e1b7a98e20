// The agent of the matrix for Go's crypto/tls. Commands and reports as src/matrix/peers/agent.ts has them.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

type fields map[string]string

var groups = map[string]tls.CurveID{
	"secp256r1":          tls.CurveP256,
	"secp384r1":          tls.CurveP384,
	"secp521r1":          tls.CurveP521,
	"x25519":             tls.X25519,
	"SecP256r1MLKEM768":  tls.SecP256r1MLKEM768,
	"X25519MLKEM768":     tls.X25519MLKEM768,
	"SecP384r1MLKEM1024": tls.SecP384r1MLKEM1024,
}

var versions = map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

var output sync.Mutex

var caches = struct {
	sync.Mutex
	named map[string]tls.ClientSessionCache
}{named: map[string]tls.ClientSessionCache{}}

// cacheFor gives the sessions that connections of one name share.
func cacheFor(name string) tls.ClientSessionCache {
	caches.Lock()
	defer caches.Unlock()
	cache, known := caches.named[name]
	if !known {
		cache = tls.NewLRUClientSessionCache(8)
		caches.named[name] = cache
	}
	return cache
}

func say(id, at string, pairs ...string) {
	line := "at=" + at + "\tid=" + id
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			line += "\t" + pairs[i] + "=" + strings.NewReplacer("\t", " ", "\n", " ").Replace(pairs[i+1])
		}
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(line)
}

func suiteNumbers(list string) []uint16 {
	var numbers []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		for _, name := range strings.Split(list, ",") {
			if name == suite.Name {
				numbers = append(numbers, suite.ID)
			}
		}
	}
	return numbers
}

func configuration(f fields) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:   versions[f["min"]],
		MaxVersion:   versions[f["max"]],
		CipherSuites: suiteNumbers(f["suites"]),
		ServerName:   f["name"],
	}
	for _, name := range strings.Split(f["groups"], ",") {
		if group, known := groups[name]; known {
			config.CurvePreferences = append(config.CurvePreferences, group)
		}
	}
	if f["session"] != "" {
		config.ClientSessionCache = cacheFor(f["session"])
	}
	if f["alpn"] != "" {
		config.NextProtos = strings.Split(f["alpn"], ",")
	}
	if f["cert"] != "" {
		certificate, err := tls.LoadX509KeyPair(f["cert"], f["key"])
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if f["ca"] != "" {
		pem, err := os.ReadFile(f["ca"])
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificate in " + f["ca"])
		}
		config.RootCAs = pool
		config.ClientCAs = pool
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func groupName(id tls.CurveID) string {
	for name, group := range groups {
		if group == id {
			return name
		}
	}
	return ""
}

func versionName(id uint16) string {
	for name, version := range versions {
		if version == id {
			return name
		}
	}
	return ""
}

// run echoes until the peer's close_notify, and answers it.
func run(f fields, connection *tls.Conn) error {
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		return err
	}
	state := connection.ConnectionState()
	length, _ := strconv.Atoi(f["length"])
	exported, err := state.ExportKeyingMaterial(f["label"], nil, length)
	if err != nil {
		exported = nil // TLS 1.2 without extended master secret
	}
	say(f["id"], "secure",
		"version", versionName(state.Version),
		"suite", tls.CipherSuiteName(state.CipherSuite),
		"group", groupName(state.CurveID),
		"alpn", state.NegotiatedProtocol,
		"resumed", strconv.FormatBool(state.DidResume),
		"exported", hex.EncodeToString(exported))
	if _, err := io.Copy(connection, connection); err != nil {
		return err
	}
	if err := connection.Close(); err != nil {
		return err
	}
	say(f["id"], "closed")
	return nil
}

func listen(f fields) error {
	config, err := configuration(f)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	say(f["id"], "listening", "port", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	socket, err := listener.Accept()
	if err != nil {
		return err
	}
	if f["also"] != "" {
		first := tls.Server(socket, config)
		go report(f, func(f fields) error { return run(f, first) })
		f = maps.Clone(f)
		f["id"] = f["also"]
		if socket, err = listener.Accept(); err != nil {
			return err
		}
	}
	listener.Close()
	return run(f, tls.Server(socket, config))
}

// report does the work of one connection, and says how it failed.
func report(f fields, work func(fields) error) {
	if err := work(f); err != nil {
		say(f["id"], "failed", "message", err.Error())
	}
}

func dial(f fields) error {
	config, err := configuration(f)
	if err != nil {
		return err
	}
	socket, err := net.Dial("tcp4", "127.0.0.1:"+f["port"])
	if err != nil {
		return err
	}
	return run(f, tls.Client(socket, config))
}

func main() {
	commands := bufio.NewScanner(os.Stdin)
	commands.Buffer(nil, 1<<20)
	for commands.Scan() {
		f := fields{}
		for _, field := range strings.Split(commands.Text(), "\t") {
			key, value, _ := strings.Cut(field, "=")
			f[key] = value
		}
		work := dial
		if f["do"] == "listen" {
			work = listen
		}
		go report(f, work)
	}
}
