// Package buffer is a model of a bounded buffer in memory that one producer and one
// consumer share without a lock, and of the queue of messages that it implements. That it
// does is a refinement: a mapping makes a queue of each state of the buffer, and every step
// of the buffer must then be a step of the queue, or leave the queue as it is.
//
//	variables head := 0, tail := 0, slot[]
//
//	producer:                                consumer:
//	  room   await tail - head < slots         look  await head != tail
//	         message := any                          (the slot is read at take)
//	  write  slot[tail] := message             read  message := slot[head]
//	  put    tail := tail + 1                  take  head := head + 1; taken := message
//
// Indices run modulo twice the number of slots, so that a full buffer and an empty one
// differ. To the producer the head, and to the consumer the tail, may be an old one as soon
// as it is read: it errs on the safe side.
//
// The queue has two steps, put and take. The mapping says which of the six steps above
// they are: the store of the tail and that of the head, since the queue of a state is what
// stands in the slots from head to tail, with what the consumer took last. What a slot holds
// that is not between them is no part of the queue, so that room, write, look and read leave
// the queue as it is.
package buffer

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

const (
	maxSlots    = 4
	maxMessages = 3
)

// state is everything that a step may read or write.
type state struct {
	Head, Tail uint8 // modulo twice the number of slots
	Slot       [maxSlots]uint8
	Producer   producer
	Consumer   consumer
}

type producer struct {
	At      producerLabel
	Message uint8 // 1 and up; 0: none
}

type consumer struct {
	At      consumerLabel
	Message uint8 // as it was read; 0: none
	Taken   uint8 // the last one that was taken; 0: none
}

type producerLabel uint8

const (
	room producerLabel = iota
	write
	put
)

func (l producerLabel) String() string { return [...]string{"room", "write", "put"}[l] }

type consumerLabel uint8

const (
	look consumerLabel = iota
	read
	take
)

func (l consumerLabel) String() string { return [...]string{"look", "read", "take"}[l] }

// bounds are the parameters of the model.
type bounds struct {
	slots, messages int
	mutant          string
}

func (b bounds) next(i uint8) uint8 { return (i + 1) % (2 * uint8(b.slots)) }
func (b bounds) slot(i uint8) uint8 { return i % uint8(b.slots) }

// length is the number of messages between head and tail.
func (b bounds) length(s *state) uint8 {
	n := 2 * uint8(b.slots)
	return (s.Tail + n - s.Head) % n
}

// queue is the state of the queue: its messages, the oldest first, and then zeros; and what
// was taken last. The array has room for more messages than the queue, since the mapping
// must have an image of whatever a faulty buffer does.
type queue struct {
	Taken   uint8
	Length  uint8
	Message [2 * maxSlots]uint8
}

// queueOf is the mapping.
func (b bounds) queueOf(s *state) queue {
	q := queue{Taken: s.Consumer.Taken, Length: b.length(s)}
	for i, at := uint8(0), s.Head; i < q.Length; i, at = i+1, b.next(at) {
		q.Message[i] = s.Slot[b.slot(at)]
	}
	return q
}

// abstract is the queue.
func abstract(b bounds) checker.Model[queue] {
	return checker.Model[queue]{
		Name: "queue",
		Init: []queue{{}},
		Processes: []checker.Process[queue]{
			{Name: "producer", Count: 1, Steps: []checker.Step[queue]{
				{Label: "put", Choices: b.messages, Choose: func(q *queue, _, message int) bool {
					if int(q.Length) == b.slots {
						return false
					}
					q.Message[q.Length] = uint8(message + 1)
					q.Length++
					return true
				}},
			}},
			{Name: "consumer", Count: 1, Steps: []checker.Step[queue]{
				{Label: "take", Do: func(q *queue, _ int) bool {
					if q.Length == 0 {
						return false
					}
					q.Taken = q.Message[0]
					copy(q.Message[:], q.Message[1:])
					q.Length--
					return true
				}},
			}},
		},
	}
}

// Names of the properties.
const (
	isQueue  = "the buffer is a queue"
	inBounds = "indices are in bounds"
	full     = "the buffer is full"
	around   = "the indices have gone round"
)

// model puts the parts together.
func model(b bounds) checker.Model[state] {
	return checker.Model[state]{
		Name: "buffer",
		Init: []state{{}},
		Processes: []checker.Process[state]{
			{Name: "producer", Count: 1, PC: func(s *state, _ int) int { return int(s.Producer.At) }, Steps: producerSteps(b)},
			{Name: "consumer", Count: 1, PC: func(s *state, _ int) int { return int(s.Consumer.At) }, Steps: consumerSteps(b)},
		},
		Properties: []checker.Property[state]{
			checker.Refines(isQueue, abstract(b), b.queueOf),
			checker.Clauses(inBounds,
				checker.Clause[state]{Name: "head", Holds: func(s *state) bool { return int(s.Head) < 2*b.slots }},
				checker.Clause[state]{Name: "tail", Holds: func(s *state) bool { return int(s.Tail) < 2*b.slots }},
				checker.Clause[state]{Name: "no more messages than slots", Holds: func(s *state) bool { return int(b.length(s)) <= b.slots }}),
			checker.Reachable(full, func(s *state) bool { return int(b.length(s)) == b.slots }),
			checker.Reachable(around, func(s *state) bool { return s.Tail < s.Head }),
		},
	}
}

func producerSteps(b bounds) []checker.Step[state] {
	return []checker.Step[state]{
		{Label: room.String(), Choices: b.messages, Choose: func(s *state, _, message int) bool {
			if int(b.length(s)) >= b.slots && b.mutant != noRoomTest {
				return false
			}
			s.Producer = producer{write, uint8(message + 1)}
			return true
		}},
		{Label: write.String(), Do: func(s *state, _ int) bool {
			if b.mutant == tailFirst {
				s.Tail = b.next(s.Tail) // and the message is written at put
			} else {
				s.Slot[b.slot(s.Tail)] = s.Producer.Message
			}
			s.Producer.At = put
			return true
		}},
		{Label: put.String(), Do: func(s *state, _ int) bool {
			if b.mutant == tailFirst {
				s.Slot[b.slot(s.Tail+2*uint8(b.slots)-1)] = s.Producer.Message
			} else {
				s.Tail = b.next(s.Tail)
			}
			s.Producer = producer{}
			return true
		}},
	}
}

func consumerSteps(b bounds) []checker.Step[state] {
	return []checker.Step[state]{
		{Label: look.String(), Do: func(s *state, _ int) bool {
			if s.Head == s.Tail {
				return false
			}
			s.Consumer.At = read
			if b.mutant == headFirst {
				s.Head = b.next(s.Head)
			}
			return true
		}},
		{Label: read.String(), Do: func(s *state, _ int) bool {
			at := s.Head
			if b.mutant == headFirst {
				at += 2*uint8(b.slots) - 1
			}
			s.Consumer.At, s.Consumer.Message = take, s.Slot[b.slot(at)]
			return true
		}},
		{Label: take.String(), Do: func(s *state, _ int) bool {
			switch b.mutant {
			case headFirst: // it was set at look
			case emptied:
				s.Head = s.Tail
			default:
				s.Head = b.next(s.Head)
			}
			s.Consumer = consumer{Taken: s.Consumer.Message}
			return true
		}},
	}
}

// Names of the mutants.
const (
	noRoomTest = "no-room-test"
	tailFirst  = "tail-first"
	headFirst  = "head-first"
	emptied    = "emptied"
)

// Family is the model with its parameters, for a command.
var Family = catalogue.Family{
	Name: "buffer",
	Doc:  "a bounded buffer without a lock, and that it refines a queue",
	Parameters: []catalogue.Parameter{
		{Name: "slots", Doc: "slots of the buffer", Default: 2, Min: 1, Max: maxSlots},
		{Name: "messages", Doc: "different messages", Default: 2, Min: 1, Max: maxMessages},
	},
	Configurations: []catalogue.Configuration{
		{Name: "2", Doc: "two slots, two messages", Set: map[string]int{}},
		{Name: "4", Doc: "four slots, three messages", Set: map[string]int{"slots": 4, "messages": 3}},
	},
	Mutants: []catalogue.Mutant{
		{Name: noRoomTest, Doc: "the producer does not look whether there is room", Configuration: "2", KilledBy: isQueue},
		{Name: tailFirst, Doc: "the producer stores the tail before it writes the message", Configuration: "2", KilledBy: isQueue},
		{Name: headFirst, Doc: "the consumer stores the head before it reads the message", Configuration: "2", KilledBy: isQueue},
		{Name: emptied, Doc: "the consumer sets the head to the tail, over messages that it has not read", Configuration: "2", KilledBy: isQueue},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(bounds{slots: v.Int("slots"), messages: v.Int("messages"), mutant: mutant})), nil
	},
}
