/* The ring of 3 clients, 2 servers, 2 request and 3 reply slots: examples/ring, label for
   label, each step atomic, so that SPIN has as many states, and one more before the
   processes start. No property is evaluated but deadlock. */
#define NC 3
#define NS 2
#define RS 2
#define PS 3

byte rlock, rhead, rtail, rslot[RS];
byte plock, phead, ptail, pslot[PS];

#define RHELD ((rtail + 2*RS - rhead) % (2*RS))
#define PHELD ((ptail + 2*PS - phead) % (2*PS))

proctype client(byte me) {
	byte reg;
c0:	atomic { rlock == 0 -> rlock = 1 };
c1:	if
	:: (RHELD == RS); goto c5
	:: atomic { RHELD != RS -> reg = rtail }
	fi;
c2:	rslot[reg % RS] = me;
c3:	rtail = (reg + 1) % (2*RS);
c4:	atomic { rlock = 0; reg = 0 };
	goto c6;
c5:	rlock = 0;
	goto c0;
c6:	atomic { plock == 0 -> plock = 1 };
c7:	if
	:: (phead == ptail); goto c11
	:: atomic { phead != ptail -> reg = phead }
	fi;
c8:	if
	:: (pslot[reg % PS] != me); goto c11
	:: (pslot[reg % PS] == me)
	fi;
c9:	phead = (reg + 1) % (2*PS);
c10:	atomic { plock = 0; reg = 0 };
	goto c0;
c11:	atomic { plock = 0; reg = 0 };
	goto c6
}

proctype server() {
	byte reg, val;
s0:	atomic { rlock == 0 -> rlock = 1 };
s1:	if
	:: (rhead == rtail); goto s5
	:: atomic { rhead != rtail -> reg = rhead }
	fi;
s2:	val = rslot[reg % RS];
s3:	rhead = (reg + 1) % (2*RS);
s4:	atomic { rlock = 0; reg = 0 };
	goto s6;
s5:	rlock = 0;
	goto s0;
s6:	atomic { plock == 0 -> plock = 1 };
s7:	if
	:: (PHELD == PS); goto s11
	:: atomic { PHELD != PS -> reg = ptail }
	fi;
s8:	pslot[reg % PS] = val;
s9:	ptail = (reg + 1) % (2*PS);
s10:	atomic { plock = 0; reg = 0; val = 0 };
	goto s0;
s11:	plock = 0;
	goto s6
}

init { atomic { run client(1); run client(2); run client(3); run server(); run server() } }
