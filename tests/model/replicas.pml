/* Three replicas that learn of a new plan at different times, and the reads they answer.
 *
 * Covers   two states, three writes, three replicas with a plan of their own and a lease on it,
 *          flips forward and back between four stages, mirrors on their way, catching up.
 * Leaves out  the life of a write: opening is fenced, so a write goes where the plan in force says,
 *          whatever its replica believes (writes.pml); what users change (states.pml); documents,
 *          which are read at home under every plan (documents.pml).
 *
 * Inlines whose names end in _ are parts; every other inline is a transition, and docs/safety.md
 * names the function that implements it. */

#ifndef FLIPS
#define FLIPS 4
#endif
#define WRITES 3

#define LEGACY 0
#define CLOUD 1
#define NOWHERE 2
#define other(s) (1 - (s))

#define LEGACY_ONLY 0
#define DUAL_WRITE 1
#define CLOUD_PRIMARY 2
#define CLOUD_ONLY 3
#define primary(stage) ((stage) >= CLOUD_PRIMARY)
#define mirrors(stage) ((stage) == DUAL_WRITE || (stage) == CLOUD_PRIMARY)

typedef Erp { byte value[2] };
Erp erp[2];
byte stage, flips, written;
byte acknowledged[2];
bool waiting[2]; /* A mirror row. */
bit from[2];     /* The side that it comes from. */
bool behind[2];  /* By side: was not written to for a time. */
byte believed[3];    /* The stage of the plan that a replica holds. */
bool out_of_date[3]; /* It has not taken the newest one yet. */
bool lease[3];       /* Runs out when it is not renewed in time. */

/* Names of what must hold; nothing sets them, so that asserting one reports it. */
hidden byte a_channel_reads_what_it_was_acknowledged;
hidden byte everything_arrives;

#define pinned(s) (waiting[s] -> from[s] : NOWHERE)
#define write_side(s) (waiting[s] -> from[s] : primary(stage))
#define read_side(r, s) (waiting[s] -> from[s] : primary(believed[r]))
#ifdef NO_LEASE
#define serves(r) true
#else
#define serves(r) lease[r]
#endif
#ifdef NO_WAITING
#define has_taken_it(r) true
#else
#define has_taken_it(r) (!out_of_date[r] || !lease[r])
#endif

inline write_customer(s) {
  atomic {
    written < WRITES ->
    written++;
    from[s] = write_side(s);
    erp[from[s]].value[s] = written;
    acknowledged[s] = written;
    waiting[s] = mirrors(stage)
  }
}

inline deliver(s) {
  atomic {
    waiting[s] ->
    erp[other(from[s])].value[s] = erp[from[s]].value[s];
    waiting[s] = false; from[s] = 0
  }
}

inline catch_up(side) {
  atomic {
    behind[side] && mirrors(stage) && !waiting[0] && !waiting[1] ->
    erp[side].value[0] = erp[other(side)].value[0];
    erp[side].value[1] = erp[other(side)].value[1];
    behind[side] = false
  }
}

inline publish_(next) {
  stage = next; flips++;
  behind[CLOUD] = behind[CLOUD] || stage == LEGACY_ONLY;
  behind[LEGACY] = behind[LEGACY] || stage == CLOUD_ONLY;
  out_of_date[0] = true; out_of_date[1] = true; out_of_date[2] = true
}

#define pinned_to(side) (waiting[0] && from[0] == side || waiting[1] && from[1] == side)
#define complete (has_taken_it(0) && has_taken_it(1) && has_taken_it(2))

inline step_forward() {
  atomic {
    flips < FLIPS && complete &&
      (stage == LEGACY_ONLY || stage == DUAL_WRITE && !behind[CLOUD] ||
       stage == CLOUD_PRIMARY && !pinned_to(LEGACY)) ->
    publish_(stage + 1)
  }
}

inline step_back() {
  atomic {
    flips < FLIPS && complete &&
      (stage == CLOUD_ONLY || stage == CLOUD_PRIMARY && !behind[LEGACY] ||
       stage == DUAL_WRITE && !pinned_to(CLOUD)) ->
    publish_(stage - 1)
  }
}

inline take_plan(r) {
  atomic {
    out_of_date[r] || !lease[r] -> out_of_date[r] = false; lease[r] = true; believed[r] = stage
  }
}

/* Nothing reached it in time: cut off, or stopped. */
inline lease_runs_out(r) {
  atomic { lease[r] && out_of_date[r] -> lease[r] = false }
}

#define wrong_read(r, s) (serves(r) && erp[read_side(r, s)].value[s] != acknowledged[s])

inline read_customer(r, s) {
  atomic { wrong_read(r, s) -> assert(a_channel_reads_what_it_was_acknowledged) }
}

proctype Replica(byte r) {
end:
  do
  :: take_plan(r)
  :: lease_runs_out(r)
  :: read_customer(r, 0)
  :: read_customer(r, 1)
  :: write_customer(0)
  :: write_customer(1)
  :: deliver(0)
  :: deliver(1)
  :: catch_up(LEGACY)
  :: catch_up(CLOUD)
  od
}

proctype Plan() {
end:
  do
  :: step_forward()
  :: step_back()
  od
}

proctype Invariants() {
end:
  do
  :: atomic { timeout && (waiting[0] || waiting[1]) -> assert(everything_arrives) }
  od
}

init {
  atomic {
    if
    :: stage = LEGACY_ONLY; behind[CLOUD] = true
    :: stage = DUAL_WRITE
    :: stage = CLOUD_PRIMARY
    fi;
    believed[0] = stage; believed[1] = stage; believed[2] = stage;
    lease[0] = true; lease[1] = true; lease[2] = true;
    run Replica(0); run Replica(1); run Replica(2); run Plan(); run Invariants()
  }
}
