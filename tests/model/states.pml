/* States whose stage, and so whose primary, changes while channels and users write them.
 *
 * Covers   two customers, three writes of channels, changes by users of the ERP that owns the
 *          customer, the feed that carries them over, mirrors by current value, catching up in both
 *          directions, deliveries that fail and one that outlasts its wait; flips forward and back
 *          through four stages, starting with legacy alone or with the cloud alone; the last changes
 *          of a primary's users, which are taken over before a step turns it.
 * Leaves out  shadow_read and ramp_down, which write as dual_write and cloud_primary do; routing by
 *          an old plan, crashes and unknown outcomes of the write itself (writes.pml): routing and
 *          opening are one step here, as the fence makes them; replicas, because feed, relay and
 *          catching up keep nothing between their transactions but what is modelled; customers that
 *          a user deletes, which the facade leaves to people (documents.pml has deletion); users who
 *          change a customer in one ERP while it is pinned to the other, which is not merged.
 *
 * Inlines whose names end in _ are parts; every other inline is a transition, and docs/safety.md
 * names the function that implements it. */

#ifndef FLIPS
#define FLIPS 2
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

/* Values: none, older than the facade, of write 1, 2, 3, of a user. A value is its revision too. */
#define ABSENT 0
#define OLDER 9
#define USERS 8

/* Of a write. */
#define OPEN 1
#define APPLIED 2

typedef Erp { byte value[2]; bool changed[2] /* And the feed has not met it. */ };
Erp erp[2];

/* The journal. */
byte stage, flips, written;
bool turning; /* Until the feed has read the old primary to its end. */
bit old;
byte intent[2], writing[2];
bit intent_side[2];
bool mirror_at_open[2];
bool waiting[2]; /* Rows towards other(from). */
bit from[2];
byte brought[2];     /* By side: which customers catching up has queued; a set of bits. */
bool caught_up[2];
byte acknowledged[2];

/* On their way. */
bool delivering[2];
byte carried[2], found[2];
byte stray; /* 1 + customer. */
bit stray_side;
byte stray_value, stray_found;
bool outlasted;

/* What users did. */
bool user_used, users_is_newer[2];

/* Names of what must hold; nothing sets them, so that asserting one reports it. */
hidden byte a_channel_reads_what_it_was_acknowledged;
hidden byte everything_arrives;
hidden byte both_sides_are_level;

#define undelivered(s) (waiting[s] || delivering[s])
#ifdef NO_AFFINITY
#define pinned(s) NOWHERE
#else
#define pinned(s) (undelivered(s) -> from[s] : (intent[s] != 0 -> intent_side[s] : NOWHERE))
#endif
#define routed (turning -> old : primary(stage))
#define owner(s) (pinned(s) != NOWHERE -> pinned(s) : routed)
#define nothing_waits (!undelivered(0) && !undelivered(1))

inline queue_(s, side) { waiting[s] = true; from[s] = side }

inline open_intent(s) {
  atomic {
    written < WRITES && intent[s] == 0 ->
    written++; writing[s] = written; intent_side[s] = owner(s); intent[s] = OPEN;
    mirror_at_open[s] = mirrors(stage)
  }
}

inline commit(s) {
  atomic {
    intent[s] == OPEN ->
    erp[intent_side[s]].value[s] = writing[s]; intent[s] = APPLIED; users_is_newer[s] = false
  }
}

inline settle(s) {
  atomic {
    intent[s] == APPLIED ->
    acknowledged[s] = writing[s];
#ifdef DECIDED_AT_OPEN
    if
    :: mirror_at_open[s] -> queue_(s, intent_side[s])
    :: !mirror_at_open[s]
    fi;
#else
    if
    :: mirrors(stage) -> queue_(s, intent_side[s])
    :: !mirrors(stage)
    fi;
#endif
    intent[s] = 0; writing[s] = 0; intent_side[s] = 0; mirror_at_open[s] = false
  }
}

inline deliver(s) { /* Reads what is current at home, and the receiver's revision. */
  atomic {
    waiting[s] && !delivering[s] ->
    waiting[s] = false; delivering[s] = true;
    carried[s] = erp[from[s]].value[s]; found[s] = erp[other(from[s])].value[s]
  }
}

inline delivered_(s) {
  delivering[s] = false; carried[s] = 0; found[s] = 0;
  from[s] = (waiting[s] -> from[s] : 0)
}

#ifdef UNCONDITIONAL
#define unchanged(side, s, revision) true
#else
#define unchanged(side, s, revision) (erp[side].value[s] == (revision))
#endif

inline commit_mirror(s) {
  atomic {
    delivering[s] ->
    if
    :: unchanged(other(from[s]), s, found[s]) ->
       erp[other(from[s])].value[s] = carried[s]; delivered_(s)
    :: !unchanged(other(from[s]), s, found[s]) -> /* Stale: it reads the receiver again. */
       found[s] = erp[other(from[s])].value[s]
    fi
  }
}

/* Not arrived, or the answer is lost: the row is delivered again. */
inline delivery_fails(s) {
  atomic { delivering[s] -> delivering[s] = false; waiting[s] = true; carried[s] = 0; found[s] = 0 }
}

inline delivery_outlasts(s) {
  atomic {
    delivering[s] && !outlasted ->
    outlasted = true;
    stray = 1 + s; stray_side = other(from[s]); stray_value = carried[s]; stray_found = found[s];
    delivering[s] = false; waiting[s] = true; carried[s] = 0; found[s] = 0
  }
}

inline stray_lands() {
  atomic {
    stray != 0 ->
    if
    :: unchanged(stray_side, stray - 1, stray_found) -> erp[stray_side].value[stray - 1] = stray_value
    :: !unchanged(stray_side, stray - 1, stray_found)
    fi;
    stray = 0; stray_side = 0; stray_value = 0; stray_found = 0
  }
}

inline user_changes(s) { /* In the ERP that owns the customer, and that the plan names. */
  atomic {
    !user_used && intent[s] == 0 && owner(s) == primary(stage) && erp[owner(s)].value[s] != ABSENT ->
    user_used = true;
    erp[owner(s)].value[s] = USERS; erp[owner(s)].changed[s] = true; users_is_newer[s] = true
  }
}

inline poll_customers(side, s) {
  atomic {
    erp[side].changed[s] && !(turning && side != old) ->
    erp[side].changed[s] = false;
    if
    :: mirrors(stage) && owner(s) == side -> queue_(s, side)
    :: !(mirrors(stage) && owner(s) == side) /* Catching up reads it, when mirroring begins. */
    fi
  }
}

inline last_changes_taken() {
  atomic { turning && !erp[old].changed[0] && !erp[old].changed[1] -> turning = false; old = 0 }
}

#ifdef BEFORE_MIRRORING
#define mirroring_began true
#else
#define mirroring_began mirrors(stage)
#endif

inline bring_customer(side, s) { /* A row that waits already will carry the current value. */
  atomic {
    mirroring_began && !caught_up[side] && !(brought[side] & (1 << s)) &&
      (!undelivered(s) || from[s] != side) ->
    brought[side] = brought[side] | (1 << s);
    if
    :: !waiting[s] -> queue_(s, other(side))
    :: waiting[s]
    fi
  }
}

inline count_complete(side) {
  atomic { !caught_up[side] && brought[side] == 3 && nothing_waits -> caught_up[side] = true }
}

#ifdef NO_LAST_CHANGES
#define turns(next) false
#else
#define turns(next) (primary(next) != routed)
#endif

inline publish_(next) {
  if
  :: turns(next) -> old = routed; turning = true
  :: !turns(next) -> old = 0; turning = false
  fi;
  stage = next; flips++;
  if
  :: stage == LEGACY_ONLY -> caught_up[CLOUD] = false; brought[CLOUD] = 0
  :: stage == CLOUD_ONLY -> caught_up[LEGACY] = false; brought[LEGACY] = 0
  :: mirrors(stage)
  fi
}

#define pinned_to(side)                                                              \
  (undelivered(0) && from[0] == side || intent[0] != 0 && intent_side[0] == side || \
   undelivered(1) && from[1] == side || intent[1] != 0 && intent_side[1] == side)
#ifdef STEP_BEFORE_CAUGHT_UP
#define up_to_date(side) true
#else
#define up_to_date(side) caught_up[side]
#endif

inline step_forward() {
  atomic {
    flips < FLIPS && !turning &&
      (stage == LEGACY_ONLY || stage == DUAL_WRITE && up_to_date(CLOUD) ||
       stage == CLOUD_PRIMARY && !pinned_to(LEGACY)) ->
    publish_(stage + 1)
  }
}

inline step_back() {
  atomic {
    flips < FLIPS &&
      (stage == CLOUD_ONLY || stage == CLOUD_PRIMARY && up_to_date(LEGACY) ||
       stage == DUAL_WRITE && !pinned_to(CLOUD) && !turning) ->
    publish_(stage - 1)
  }
}

proctype Facade(byte s) {
end:
  do
  :: open_intent(s)
  :: settle(s)
  :: deliver(s)
  :: delivery_fails(s)
  :: poll_customers(LEGACY, s)
  :: poll_customers(CLOUD, s)
  :: bring_customer(LEGACY, s)
  :: bring_customer(CLOUD, s)
  od
}

proctype Erps() {
end:
  do
  :: commit(0)
  :: commit(1)
  :: commit_mirror(0)
  :: commit_mirror(1)
  :: delivery_outlasts(0) /* Which of the two does not matter, but together they do. */
  :: stray_lands()
  :: user_changes(0)
  od
}

proctype Plan() {
end:
  do
  :: count_complete(LEGACY)
  :: count_complete(CLOUD)
  :: last_changes_taken()
  :: step_forward()
  :: step_back()
  od
}

#define read(s) erp[owner(s)].value[s]
#define right(s)                                                                        \
  (read(s) == acknowledged[s] || intent[s] == APPLIED && read(s) == writing[s] || \
   users_is_newer[s] && (read(s) == USERS))

proctype Invariants() {
end:
  do
  :: atomic { !right(0) || !right(1) -> assert(a_channel_reads_what_it_was_acknowledged) }
  :: atomic { timeout && !nothing_waits -> assert(everything_arrives) }
  :: atomic {
       timeout && mirrors(stage) && caught_up[0] && caught_up[1] &&
         (erp[0].value[0] != erp[1].value[0] || erp[0].value[1] != erp[1].value[1]) ->
       assert(both_sides_are_level)
     }
  od
}

init {
  atomic {
    acknowledged[0] = OLDER; acknowledged[1] = OLDER;
    if
    :: stage = LEGACY_ONLY; caught_up[LEGACY] = true;
       erp[LEGACY].value[0] = OLDER; erp[LEGACY].value[1] = OLDER
    :: stage = CLOUD_ONLY; caught_up[CLOUD] = true;
       erp[CLOUD].value[0] = OLDER; erp[CLOUD].value[1] = OLDER
    fi;
    run Facade(0); run Facade(1); run Erps(); run Plan(); run Invariants()
  }
}
