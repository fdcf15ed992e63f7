package membership

import (
	"crypto/rand"
	"encoding/hex"
)

// instanceName is the name under which the disk keeps the id of a node's data directory.
const instanceName = "instance"

// LoadInstance returns the id of the data directory, which it makes on the first use. It
// tells a disk that was lost from one that came back.
func LoadInstance(disk Disk) (string, error) {
	data, err := disk.Load(instanceName)
	if err != nil || len(data) > 0 {
		return string(data), err
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails, see its documentation
	instance := hex.EncodeToString(id)
	return instance, disk.Save(instanceName, []byte(instance))
}
