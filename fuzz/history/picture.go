package history

import (
	"fmt"
	"io"
	"time"

	"github.com/anishathalye/porcupine"
)

// pictureTime is how long to look for the longest prefixes that linearize.
const pictureTime = 10 * time.Second

// WritePicture writes Porcupine's own interactive page of a violation: the calls
// as bars in time, and the longest sequences of them that still linearize.
func WritePicture(w io.Writer, v Violation) error {
	events := make([]*Event, len(v.Events))
	for i := range v.Events {
		events[i] = &v.Events[i]
	}
	m := model(v.Initial, nil)
	_, info := porcupine.CheckOperationsVerbose(m, operationsOf(events), pictureTime)
	if err := porcupine.Visualize(m, info, w); err != nil {
		return fmt.Errorf("picture of a history: %w", err)
	}
	return nil
}
