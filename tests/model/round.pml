/* One attempt of a round as its stewards decide it: vote, promise, release, reveal. Written from the design, not from
 * the code. The hub, the network and TS lying stewards are one adversary: it asks any honest steward for anything at
 * any time, knows all that was said, and adds liars' votes, promises and shares as it likes. Two sets of offices, A = 1
 * and B = 2, are enough: what may go wrong is wrong between two of them, and a vote for a third is a vote lost.
 *
 * A step is durable before it is told, and is told again after a crash; so a state here is what is on the disks, and
 * all of it counts as told: an adversary that hears less knows less. Losing a disk is never being asked again.
 *
 * Honest stewards are alike: after every step they are sorted, so that of states that differ in names one is visited.
 * For the same reason reveals are numbers, not names: how many a steward has given, and how many shares of its masks
 * were given by others. That allows a steward to give the same share twice, which no steward can: the model permits
 * more than the program does, and what holds here holds there.
 *
 *   spin -a -DC=7 -DTS=2 -DD=2 round.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 *
 * Rules that can be left out, to see that they are needed: TWO_VOTES, NO_CERTIFICATE, PROMISE_AFTER_RELEASE,
 * RELEASE_AFTER_PROMISE, REVEAL_ANY; a quorum smaller by one: SMALL_QUORUM; one liar too many: LIARS=3.
 */
#ifndef C
#define C 7 /* stewards */
#endif
#ifndef TS
#define TS 2 /* of them, that may collude */
#endif
#ifndef D
#define D 2 /* that may be absent */
#endif
#ifndef LIARS
#define LIARS TS
#endif
#ifdef SMALL_QUORUM
#define T (C - D - 1)
#else
#define T (C - D)
#endif
#define H (C - LIARS) /* honest */

byte voted[H], released[H]; /* bits: for A, for B */
bool promised[H];
byte given[H];  /* reveals that it has given */
byte shares[H]; /* shares of its masks that others have given */

/* Worked out anew in every step, and zero between two of them: no part of what is remembered. */
byte k, a, x, i, j, swap;
byte votes[3], voids, opens[3], exposed;

#ifdef TWO_VOTES
#define MAY_VOTE (!promised[k] && (voted[k] & x) == 0)
#else
#define MAY_VOTE (!promised[k] && voted[k] == 0)
#endif
#ifdef PROMISE_AFTER_RELEASE
#define MAY_PROMISE (!promised[k])
#else
#define MAY_PROMISE (!promised[k] && released[k] == 0)
#endif
#if defined(NO_CERTIFICATE)
#define MAY_RELEASE (released[k] == 0 && !promised[k])
#elif defined(RELEASE_AFTER_PROMISE)
#define MAY_RELEASE (released[k] == 0 && votes[x] >= T)
#else
#define MAY_RELEASE (released[k] == 0 && votes[x] >= T && !promised[k])
#endif
#ifdef REVEAL_ANY
#define MAY_REVEAL (released[k] != 0)
#else
#define MAY_REVEAL (released[k] != 0 && given[k] < D)
#endif

#define KNOWN(i) (shares[i] + LIARS >= T)
#define KEY(i) ((((voted[i] * 4 + released[i]) * 2 + promised[i]) * (D + 2) + given[i]) * (C + 1) + shares[i])
#define EXCHANGE(array) swap = array[j]; array[j] = array[j + 1]; array[j + 1] = swap

inline Sort() {
  i = 0;
  do
  :: i + 1 < H ->
     j = 0;
     do
     :: j + 1 < H - i ->
        if
        :: KEY(j) > KEY(j + 1) ->
           EXCHANGE(voted); EXCHANGE(released); EXCHANGE(promised); EXCHANGE(given); EXCHANGE(shares)
        :: else
        fi;
        j++
     :: else -> break
     od;
     i++
  :: else -> break
  od
}

inline Look() {
  votes[1] = LIARS; votes[2] = LIARS; voids = LIARS; opens[1] = 1; opens[2] = 1; exposed = LIARS;
  i = 0;
  do
  :: i < H ->
     votes[1] = votes[1] + (voted[i] & 1);
     votes[2] = votes[2] + (voted[i] >> 1);
     voids = voids + promised[i];
     exposed = exposed + (KNOWN(i) -> 1 : 0);
     opens[1] = opens[1] && ((released[i] & 1) || KNOWN(i));
     opens[2] = opens[2] && ((released[i] & 2) || KNOWN(i));
     i++
  :: else -> break
  od
}

inline MustHold() {
  assert(!(opens[1] && opens[2]));                 /* one set opens */
  assert(!(voids >= T && (opens[1] || opens[2])));  /* what is void never opens */
  assert(!(votes[1] >= T && opens[2]));            /* who is outside a certified set gets its charge back: */
  assert(!(votes[2] >= T && opens[1]));            /*   it may not open in another one */
  assert(exposed < C)                              /* some mask of every office stays unknown */
}

inline Forget() {
  k = 0; a = 0; x = 0; i = 0; j = 0; swap = 0; voids = 0; exposed = 0;
  votes[1] = 0; votes[2] = 0; opens[1] = 0; opens[2] = 0
}

active proctype Adversary() {
end:
  do
  :: atomic {
       select (k : 0 .. H - 1);
       select (x : 1 .. 2);
       d_step { Look() };
       if
       :: MAY_VOTE -> voted[k] = voted[k] | x
       :: MAY_PROMISE -> promised[k] = true
       :: MAY_RELEASE -> released[k] = x
       :: MAY_REVEAL ->
          select (a : 0 .. H - 1);
          if
          :: a != k && !KNOWN(a) -> /* more shares tell nothing more */
             shares[a]++;
             given[k] = (given[k] < D + 1 -> given[k] + 1 : given[k])
          :: else -> skip
          fi
       :: else -> skip
       fi;
       d_step { Sort(); Look(); MustHold(); Forget() }
     }
  od
}
