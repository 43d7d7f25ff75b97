// Verify checks a log with Go's own transparency log library, golang.org/x/mod/sumdb, and nothing of the
// product: note.Open for the checkpoint's signature, tlog.StoredHashes and tlog.TreeHash for the tree,
// tlog.CheckRecord and tlog.CheckTree for proofs. It never reads a served hash tile: every leaf and every
// root is computed again from the entries.
//
// Each line of the standard input is a JSON array of questions, each line of the standard output the array
// of their answers. Entries, hashes and notes are base64 (encoding/json's []byte).
//
// What the library does not have is here, after the C2SP texts: the three lines of a tlog-checkpoint, the
// lines of a tlog-proof, the paths and bundles of tlog-tiles. ML-DSA-44 it does not have either: the
// second signature of a checkpoint is checked elsewhere.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Ask     string
	Dir     string
	VKey    string
	Entries [][]byte
	Entry   []byte
	Note    []byte
	Proof   []byte
	Path    [][]byte
	Index   int64
	Size    int64
	Root    []byte
	OldSize int64
	OldRoot []byte
}

type answer struct {
	Error  string   `json:"error"`
	Origin string   `json:"origin"`
	Size   int64    `json:"size"`
	Root   []byte   `json:"root"`
	Path   [][]byte `json:"path"`
}

// tree is the log that was loaded last, as tlog stores it.
var tree struct {
	size   int64
	hashes []tlog.Hash
}

var reader = tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(tree.hashes)) {
			return nil, fmt.Errorf("hash %d is not there", index)
		}
		found[i] = tree.hashes[index]
	}
	return found, nil
})

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var questions []question
		if err := json.Unmarshal(line, &questions); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answers := make([]answer, len(questions))
		for i, q := range questions {
			if err := reply(q, &answers[i]); err != nil {
				answers[i].Error = err.Error()
			}
		}
		if err := out.Encode(answers); err != nil {
			os.Exit(1)
		}
	}
}

func reply(q question, a *answer) error {
	switch q.Ask {
	case "load":
		return load(q.Entries)
	case "directory":
		return directory(q, a)
	case "root":
		root, err := tlog.TreeHash(q.Size, reader)
		a.Root = root[:]
		return err
	case "prove record":
		path, err := tlog.ProveRecord(q.Size, q.Index, reader)
		a.Path = bytesOf(path)
		return err
	case "prove tree":
		path, err := tlog.ProveTree(q.Size, q.OldSize, reader)
		a.Path = bytesOf(path)
		return err
	case "check record":
		return checkRecord(q)
	case "check tree":
		return checkTree(q)
	case "open":
		return open(q.Note, q.VKey, a)
	case "receipt":
		return receipt(q, a)
	}
	return fmt.Errorf("unknown question %q", q.Ask)
}

// load stores the entries of a log from the first on.
func load(entries [][]byte) error {
	tree.size, tree.hashes = 0, nil
	return add(entries)
}

func add(entries [][]byte) error {
	for _, entry := range entries {
		hashes, err := tlog.StoredHashes(tree.size, entry, reader)
		if err != nil {
			return err
		}
		tree.hashes = append(tree.hashes, hashes...)
		tree.size++
	}
	return nil
}

// directory checks a log in the layout of tlog-tiles: the checkpoint's signature, and its root from the entries.
func directory(q question, a *answer) error {
	signed, err := os.ReadFile(filepath.Join(q.Dir, "checkpoint"))
	if err != nil {
		return err
	}
	if err := open(signed, q.VKey, a); err != nil {
		return err
	}
	tree.size, tree.hashes = 0, nil
	for n := int64(0); tree.size < a.Size; n++ {
		entries, err := bundle(q.Dir, n, min(256, a.Size-tree.size))
		if err == nil {
			err = add(entries)
		}
		if err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(tree.size, reader)
	if err == nil && !bytes.Equal(root[:], a.Root) {
		err = errors.New("the entries do not make the checkpoint's root")
	}
	return err
}

// bundle reads entries n*256 and following; an incomplete bundle may be stored as the complete one.
func bundle(dir string, n, width int64) ([][]byte, error) {
	path := fmt.Sprintf("%03d", n%1000)
	for rest := n / 1000; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	path = filepath.Join(dir, "tile/entries", path)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("a bundle is cut short")
		}
		length := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("got %d entries in a bundle, wanted %d", len(entries), width)
	}
	return entries, nil
}

// open checks the Ed25519 signature of a checkpoint and reads its three lines.
func open(signed []byte, vkey string, a *answer) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return errors.New("not a checkpoint of this log")
	}
	a.Origin = lines[0]
	if a.Size, err = decimal(lines[1]); err != nil {
		return err
	}
	a.Root, err = hash(lines[2])
	return err
}

// receipt checks a tlog-proof and the entry that travels beside it.
func receipt(q question, a *answer) error {
	head, signed, found := strings.Cut(string(q.Proof), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return errors.New("not a tlog-proof")
	}
	index, err := decimal(strings.TrimPrefix(lines[1], "index "))
	if err != nil {
		return err
	}
	var path [][]byte
	for _, line := range lines[2:] {
		node, err := hash(line)
		if err != nil {
			return err
		}
		path = append(path, node)
	}
	if err := open([]byte(signed), q.VKey, a); err != nil {
		return err
	}
	return checkRecord(question{Path: path, Size: a.Size, Root: a.Root, Index: index, Entry: q.Entry})
}

func checkRecord(q question) error {
	path, err := hashesOf(q.Path)
	if err != nil {
		return err
	}
	root, err := hashesOf([][]byte{q.Root})
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, q.Size, root[0], q.Index, tlog.RecordHash(q.Entry))
}

func checkTree(q question) error {
	path, err := hashesOf(q.Path)
	if err != nil {
		return err
	}
	roots, err := hashesOf([][]byte{q.Root, q.OldRoot})
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, q.Size, roots[0], q.OldSize, roots[1])
}

func hashesOf(all [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(all))
	for i, one := range all {
		if copy(hashes[i][:], one) != len(one) || len(one) != tlog.HashSize {
			return nil, fmt.Errorf("got a hash of %d bytes", len(one))
		}
	}
	return hashes, nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}

// decimal reads digits without a sign and without leading zeros.
func decimal(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(number, 10) != text || number < 0 {
		err = fmt.Errorf("number %q has another spelling", text)
	}
	return number, err
}

// hash reads 32 bytes in the one base64 spelling that they have.
func hash(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil && (base64.StdEncoding.EncodeToString(data) != text || len(data) != tlog.HashSize) {
		err = fmt.Errorf("hash %q has another spelling", text)
	}
	return data, err
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
