package checker

// table maps tags to words by extendible hashing (Fagin, Nievergelt, Pippenger,
// Strong, TODS 4(3), 1979): a directory, indexed by the first bits of the tag, of
// pages that are filled by linear probing. A page that is nearly full is split in
// two by one more bit. So the table grows a page at a time: nothing waits for a
// move of the whole table, no old table lies about as garbage beside a new one,
// and what it holds is known to the byte. (Tables that grew by half spent a third
// of the search in page faults.)
type table struct {
	directory []*page // 1<<depth entries; a page of less depth has several
	depth     uint
	pages     int
	room      *memory // of pages
}

const (
	pageWords = 1024
	pageSize  = 8 * pageWords
	// pageRoom is the number of words at which a page is split: three quarters.
	pageRoom = pageWords / 4 * 3
	// pageHead is about how many bytes a page takes beside its words.
	pageHead = 16
)

// page is a piece of a table. The words, in which one looks in no order, are apart from
// what is counted, which is always near.
type page struct {
	words *[pageWords]uint64
	used  int32
	depth int32 // first bits of the tag that all words of the page share
}

func (t *table) init(m *memory) {
	t.room = m
	t.directory, t.depth, t.pages = []*page{t.newPage()}, 0, 1
}

func (t *table) newPage() *page { return &page{words: &take[[pageWords]uint64](t.room, 1)[0]} }

// page is where a tag is, or would be.
func (t *table) page(tag uint64) *page { return t.directory[tag>>(32-t.depth)] }

// slot is where in its page a tag would be if nothing were in its way: the last
// bits of the tag.
func slot(tag uint64) uint { return uint(tag) % pageWords }

// after is the place that is tried after place i.
func after(i uint) uint { return (i + 1) % pageWords }

// split divides the page of a tag in two.
func (t *table) split(tag uint64) {
	old := t.page(tag)
	if uint(old.depth) == t.depth {
		t.double()
	}
	high := t.newPage()
	old.depth++
	high.depth = old.depth
	// From behind a place that is empty on, each word is taken out and put again: before it
	// all are where they belong, so that it finds its place there or nearer to its slot.
	begin := uint(0)
	for old.words[begin] != 0 {
		begin++
	}
	bit := 64 - uint(old.depth)
	for i := after(begin); i != begin; i = after(i) {
		word := old.words[i]
		if word == 0 {
			continue
		}
		tag := word >> 32
		stays := word>>bit&1 == 0
		if stays && slot(tag) == i {
			continue
		}
		old.words[i] = 0
		old.used--
		if stays {
			old.put(word)
		} else {
			high.put(word)
		}
	}
	t.pages++
	t.redirect(tag, high)
}

// double makes the directory twice as large, each page in two places.
func (t *table) double() {
	if t.depth == 32 {
		panic("checker: more equal tags than a page has room for: the hash is broken")
	}
	directory := make([]*page, 2*len(t.directory))
	for i, p := range t.directory {
		directory[2*i], directory[2*i+1] = p, p
	}
	t.directory = directory
	t.depth++
}

// redirect enters high in the second half of the places of the page of a tag.
func (t *table) redirect(tag uint64, high *page) {
	span := 1 << (t.depth - uint(high.depth)) // places of high
	first := int(tag>>(32-t.depth)) &^ (2*span - 1)
	for i := first + span; i < first+2*span; i++ {
		t.directory[i] = high
	}
}

func (p *page) put(word uint64) {
	i := slot(word >> 32)
	for p.words[i] != 0 {
		i = after(i)
	}
	p.words[i] = word
	p.used++
}

// memory is the number of bytes that the table holds.
func (t *table) memory() uint64 {
	return uint64(t.pages)*(pageSize+pageHead) + uint64(len(t.directory))*8
}

// growth is the number of bytes that n more words may add.
func (t *table) growth(n int) uint64 {
	var bytes uint64
	each := 2*n/t.pages + 8
	for i := 0; i < len(t.directory); {
		p := t.directory[i]
		if int(p.used)+each >= pageRoom {
			bytes += pageSize + pageHead
		}
		i += 1 << (t.depth - uint(p.depth))
	}
	return bytes
}

// tags gives the tags of the words with numbers from first to end-1 (in the shard), in
// their order.
func (t *table) tags(first, end int) []uint32 {
	tags := make([]uint32, end-first)
	for i := 0; i < len(t.directory); {
		p := t.directory[i]
		for _, word := range p.words {
			if local := int(uint32(word)) - 1; word != 0 && local >= first && local < end {
				tags[local-first] = uint32(word >> 32)
			}
		}
		i += 1 << (t.depth - uint(p.depth))
	}
	return tags
}
