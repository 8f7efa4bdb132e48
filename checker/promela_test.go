package checker

import (
	"fmt"
	"strings"
)

// promela is a random model in the language of SPIN, step by step as the checker has it. Each
// instance is a process that stands at one loop for ever, whose alternatives are its steps,
// each one a d_step: where the instance stands in the model is in the variables, as all else.
// So a state of SPIN is one of the model: where its processes stand tells nothing more. But
// for the state before init, which chooses an initial state and starts all of them in one
// atomic sequence, and whose choices are as many transitions.
type promela struct {
	variables string
	starts    []string   // assignments that make zeros an initial state
	instances [][]string // by instance: its steps, a guard and what is done
	good      string     // an expression
}

func (p *promela) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n#define good (%s)\n", p.variables, p.good)
	for i, steps := range p.instances {
		fmt.Fprintf(&out, "proctype p%d() {\n\tdo\n", i)
		for _, s := range steps {
			fmt.Fprintf(&out, "\t:: d_step { %s; assert(good) }\n", s)
		}
		out.WriteString("\tod\n}\n")
	}
	out.WriteString("init {\n\tatomic {\n\t\tif\n")
	for _, s := range p.starts {
		fmt.Fprintf(&out, "\t\t:: %s\n", s)
	}
	out.WriteString("\t\tfi;\n\t\tassert(good);\n")
	for i := range p.instances {
		fmt.Fprintf(&out, "\t\trun p%d();\n", i)
	}
	out.WriteString("\t}\n}\n")
	return out.String()
}

// compared is a guard: a place that is at least a limit, or less.
func compared(place string, limit uint8, above bool) string {
	return fmt.Sprintf("%s %s %d", place, []string{"<", ">="}[btoi(above)], limit)
}

// assigned is an assignment.
func assigned(set, from string, mul, add, mod uint8, choice int) string {
	return fmt.Sprintf("%s = (%s*%d + %d) %% %d", set, from, mul, int(add)+choice, mod)
}

func (m *rmodel) promela() promela {
	p := promela{
		variables: fmt.Sprintf("byte V[%d]; byte PC[%d];", randomVars, randomProcesses),
		good:      fmt.Sprintf("!(V[0] == %d && V[1] == %d)", m.Bad[0], m.Bad[1]),
	}
	for _, s := range m.Init {
		text := "true -> skip"
		for i, v := range s.V {
			if v > 0 {
				text += fmt.Sprintf("; V[%d] = %d", i, v)
			}
		}
		p.starts = append(p.starts, text)
	}
	v := func(i uint8) string { return fmt.Sprintf("V[%d]", i) }
	for i := range m.Processes {
		for self := range m.Processes[i].Count {
			pc := fmt.Sprintf("PC[%d]", m.Processes[i].First+self)
			var steps []string
			for _, s := range m.Processes[i].Steps {
				for choice := range s.Choices {
					steps = append(steps, fmt.Sprintf("(%s == %d && %s) -> %s; %s = %d", pc, s.At, compared(v(s.Guard), s.Limit, s.Above),
						assigned(v(s.Set), v(s.From), s.Mul, s.Add, s.Mod, choice), pc, s.Next))
				}
			}
			p.instances = append(p.instances, steps)
		}
	}
	return p
}

func (m *pmodel) promela() promela {
	p := promela{
		variables: fmt.Sprintf("byte V[%d]; byte L[%d]; byte At[6]; byte T[6];", pVars, pLocks),
		starts:    []string{"true -> skip"},
		good:      fmt.Sprintf("!(V[%d] == %d && V[%d] == %d)", m.BadAt[0], m.Bad[0], m.BadAt[1], m.Bad[1]),
	}
	for i := range m.Families {
		for self := range m.Families[i].Count {
			var steps []string
			for k := range m.Families[i].Steps {
				for choice := range m.Families[i].Steps[k].Choices {
					steps = append(steps, m.Families[i].Steps[k].promela(2*i+self, self, choice))
				}
			}
			p.instances = append(p.instances, steps)
		}
	}
	return p
}

// promela tells a step of the instance whose own variables stand at a place of At and T.
func (s *pstep) promela(own, self, choice int) string {
	place := func(at int) string {
		switch at {
		case placeT:
			return fmt.Sprintf("T[%d]", own)
		case placeSelf:
			return fmt.Sprintf("V[%d]", self)
		}
		return fmt.Sprintf("V[%d]", at)
	}
	text := fmt.Sprintf("(At[%d] == %d", own, s.At)
	if s.Guard >= 0 {
		text += " && " + compared(place(s.Guard), s.Limit, s.Above)
	}
	if s.Acquire >= 0 {
		text += fmt.Sprintf(" && L[%d] == 0", s.Acquire)
	}
	text += ") -> "
	if s.Acquire >= 0 {
		text += fmt.Sprintf("L[%d] = 1; ", s.Acquire)
	}
	if s.Set >= 0 {
		text += assigned(place(s.Set), place(s.From), s.Mul, s.Add, s.Mod, choice) + "; "
	}
	if s.Free >= 0 {
		text += fmt.Sprintf("L[%d] = 0; ", s.Free)
	}
	return text + fmt.Sprintf("At[%d] = %d", own, s.Next)
}
