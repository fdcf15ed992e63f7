package limits

// Unit is what the number of a setting counts. It decides how the number is written.
type Unit uint8

// The units.
const (
	Plain       Unit = iota // what the name of the setting says
	Bytes                   // may be written with a suffix such as mb
	Nanoseconds             // CONFIG shows and takes seconds
)
