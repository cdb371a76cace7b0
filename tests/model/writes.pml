/* The life of a write: from the plan that routes it to its mirror, through hangs and lost answers.
 *
 * Covers   an order being born (a document) and a customer that is changed twice (a state): two
 *          subjects, three writes, each taken by a replica of its own, with a plan that it read at
 *          some earlier time; flips forward and back between four stages; resolver, relay and feed,
 *          which any replica may run; crash; hang, before the deadline check and after it; answers
 *          that get lost; commits later than settle_ms; mirrors that fail or are refused; a user who
 *          posts or cancels the order before the facade knows its outcome.
 *          VENDOR_KEY=1: the vendor keeps the key of a document and applies it once.
 *          VENDOR_KEY=0: the adapter looks up before it creates, and nothing else protects.
 *          Either way a state is written under the revision that was looked up.
 * Leaves out  shadow_read and ramp_down, which write as dual_write and cloud_primary do; the later
 *          life of documents (documents.pml); catching up, and what users change in states
 *          (states.pml); readers with an old plan (replicas.pml); a repeat of a key whose answer is
 *          stored: it gets that answer and sends nothing.
 * Time     settle_ms and deadlines are an order of events: an empty look-up is no proof while a call
 *          of that attempt is held or on the wire. Two transitions break that order, one of
 *          them once in a run: call_outlasts and delivery_outlasts.
 *
 * Inlines whose names end in _ are parts; every other inline is a transition, and docs/safety.md
 * names the function that implements it. */

#ifndef FLIPS
#define FLIPS 2
#endif
#ifndef FAULTS
#define FAULTS 1 /* Crashes, hangs, failures, lost answers and refusals in one run. */
#endif
#define fault faults < FAULTS

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

/* Write 0 gives birth to the order; 1 and 2 change the customer. */
#define ORDER 0
#define is_state(w) ((w) != ORDER)
#define rival(w) (3 - (w))

/* Intents. */
#define NONE 0
#define OPEN 1
#define UNKNOWN 2
#define ORPHANED 3 /* Open, but its sender is dead or past its deadline. */
#define CLOSED 4   /* Acknowledged. */

/* Calls. On its way: held between deadline check and socket, or on the wire. */
#define ON_ITS_WAY 1
#define ANSWERED 2

/* Outbox rows. */
#define PENDING 1
#define DEAD 2
#define DELIVERED 3

/* Senders. */
#define IDLE 0
#define ROUTED 1
#define OPENED 2 /* And hung. */
#define CALLING 3
#define ENDED 4

/* The journal. */
byte stage, version;
bool legacy_behind, cloud_behind; /* It was not written to for a time: nothing leads on from it. */
byte intent[3], routed_by[3], row[3];
bit side[3];
bool taken_over[3]; /* The attempt is the resolver's. */
byte last_acked;    /* Of the customer. */
byte known[2];      /* The order's number in each ERP. */
byte noted[2];      /* Numbers that the feed met before that: a set of bits. */
bool raised;

/* On their way. */
byte sender[3];
bool absent[3]; /* A resolver has looked up, and found nothing. */
byte call[3], seen[3];
byte mirror_call[3], mirror_seen[3], mirror_value[3];
byte number[2]; /* In the answer of a call for the order. */
bool outlasted;
byte stray; /* The call that outlasted: 1 + its write; 0: none. */
bit stray_side;
byte stray_value, stray_seen;
byte faults;

/* The ERPs. */
byte documents[2]; /* Of the order: 1, 2, ... are their numbers. */
bool not_open;     /* The first one was posted or cancelled by a user. */
byte fed[2];       /* The feed's cursor. */
byte customer[2];  /* The write in effect; stands for the revision too. */
byte applied[3];

#define open_now(w) (intent[w] >= OPEN && intent[w] <= ORPHANED)
#define undelivered(w) (row[w] == PENDING || row[w] == DEAD)
#define newer(w) (last_acked == (w)) /* Of the customer's two acknowledged writes. */
#define oldest(w) (!is_state(w) || !undelivered(rival(w)) || !newer(w))

/* The side that has every acknowledged write of the customer, when the other has not. */
#define pinned_by_rows                                          \
  (undelivered(1) && (!undelivered(2) || !newer(1)) -> side[1] : \
                                                       (undelivered(2) -> side[2] : NOWHERE))
#define pinned_by_intents (open_now(1) -> side[1] : (open_now(2) -> side[2] : NOWHERE))
#ifdef NO_AFFINITY
#define pinned NOWHERE
#else
#define pinned (pinned_by_rows != NOWHERE -> pinned_by_rows : pinned_by_intents)
#endif
#define read_side (pinned != NOWHERE -> pinned : primary(stage))

#ifdef NO_FENCE
#define plan_is_current(w) true
#else
#define plan_is_current(w) (routed_by[w] == version)
#endif
#ifdef MANY_OPEN_INTENTS
#define subject_is_free(w) true
#else
#define subject_is_free(w) (!is_state(w) || !open_now(rival(w)))
#endif
#define right_side(w) (!is_state(w) || pinned == NOWHERE || pinned == side[w])

#ifdef LOOKUP_SEES_OPEN_ONLY
#define found(s) (not_open && (s) == side[ORDER] -> 0 : documents[s])
#else
#define found(s) documents[s]
#endif

#ifdef UNCONDITIONAL
#define same_revision(s, revision) true
#else
#define same_revision(s, revision) (customer[s] == (revision))
#endif

#ifdef NO_SETTLE
#define settled(w) true
#else
#define settled(w) (call[w] == 0)
#endif

/* ---- parts */

inline forget_(w) { /* As if it had never been routed. */
  intent[w] = NONE; sender[w] = IDLE; side[w] = 0; routed_by[w] = 0; taken_over[w] = false;
  absent[w] = false; call[w] = 0; seen[w] = 0
}

inline know_(s, n) { /* The facade learns the order's number in an ERP. */
  known[s] = n;
  if
  :: noted[s] != 0 && noted[s] != (1 << n) -> raised = true
  :: else
  fi;
  noted[s] = 0
}

inline close_(w) { /* ONE transaction: the answer, the document, the row of the mirror. */
  intent[w] = CLOSED;
  row[w] = (mirrors(stage) -> PENDING : NONE);
  if
  :: is_state(w) -> last_acked = w
  :: else -> know_(side[w], number[side[w]]); number[side[w]] = 0; not_open = false
  fi;
  absent[w] = false; taken_over[w] = false; routed_by[w] = 0;
  if
  :: call[w] == ANSWERED -> call[w] = 0; seen[w] = 0
  :: else
  fi;
  if
  :: sender[w] == CALLING -> sender[w] = ENDED
  :: else
  fi
}

inline look_then_hold_(w) { /* An adapter looks up before it creates or changes. */
  if
  :: !is_state(w) && found(side[w]) == 1 -> call[w] = ANSWERED; number[side[w]] = 1
  :: !is_state(w) && found(side[w]) > 1 -> raised = true; call[w] = 0
  :: !is_state(w) && found(side[w]) == 0 -> call[w] = ON_ITS_WAY
  :: is_state(w) && customer[side[w]] == w -> call[w] = ANSWERED
  :: is_state(w) && customer[side[w]] != w -> call[w] = ON_ITS_WAY; seen[w] = customer[side[w]]
  fi
}

inline create_(s, n) {
  if
  :: VENDOR_KEY && documents[s] > 0 -> n = 1
  :: else -> documents[s]++; n = documents[s]
  fi
}

inline stray_(w) { /* The attempt is over for the facade; its call is not. */
  assert(stray == 0);
  stray = 1 + w; stray_side = side[w]; stray_value = w; stray_seen = seen[w];
  call[w] = 0; seen[w] = 0
}

/* ---- a channel's request, in its replica */

inline route(w) { /* Of the customer's writes, 1 is the one that comes first. */
  atomic {
    sender[w] == IDLE && (w != 2 || sender[1] != IDLE) ->
    routed_by[w] = version; side[w] = primary(stage); sender[w] = ROUTED
  }
}

#define may_open(w) \
  (sender[w] == ROUTED && subject_is_free(w) && plan_is_current(w) && right_side(w))

inline open_and_send(w) {
  atomic {
    may_open(w) -> intent[w] = OPEN; look_then_hold_(w); sender[w] = CALLING
  }
}

inline hang_before_the_check(w) { /* SIGSTOP: the deadline passes before anything is sent. */
  atomic { fault && may_open(w) -> faults++; intent[w] = ORPHANED; sender[w] = OPENED }
}

inline refuse_stale_plan(w) {
  atomic { sender[w] == ROUTED && !plan_is_current(w) -> forget_(w) }
}

inline refuse_wrong_side(w) {
  atomic {
    sender[w] == ROUTED && subject_is_free(w) && plan_is_current(w) && !right_side(w) ->
    side[w] = pinned
  }
}

inline not_arrived(w) { /* Known: the key is free again, and the channel repeats. */
  atomic {
    fault && sender[w] == CALLING && call[w] == ON_ITS_WAY && intent[w] == OPEN &&
      !taken_over[w] ->
    faults++; forget_(w)
  }
}

inline outcome_unknown(w) {
  atomic {
    intent[w] == OPEN && (sender[w] == CALLING || taken_over[w]) && call[w] != ANSWERED &&
      (call[w] == 0 || fault) ->
    if
    :: call[w] == ON_ITS_WAY -> faults++ /* Its deadline passes. */
    :: else
    fi;
    intent[w] = UNKNOWN;
    if
    :: sender[w] == CALLING -> sender[w] = ENDED
    :: else
    fi
  }
}

inline settle(w) { /* For the customer this is a part of commit. */
  atomic { call[w] == ANSWERED && open_now(w) -> close_(w) }
}

inline crash(w) { /* What the process held is gone; what is on the wire is not. */
  atomic {
    fault && intent[w] == OPEN && (sender[w] == CALLING || taken_over[w]) ->
    faults++; intent[w] = ORPHANED;
    if
    :: !taken_over[w] -> sender[w] = ENDED
    :: else
    fi;
    if
    :: call[w] != 0 -> call[w] = 0; seen[w] = 0
    :: call[w] != ANSWERED /* It is on the wire. */
    fi
  }
}

inline hang_after_the_check(w) { /* What it held is still there, and will be sent some time. */
  atomic {
    fault && intent[w] == OPEN && !taken_over[w] && sender[w] == CALLING ->
    faults++; intent[w] = ORPHANED; sender[w] = ENDED /* Its call speaks for it. */
  }
}

inline wake_too_late(w) { /* Past its deadline it sends nothing, and says that nothing arrived. */
  atomic {
    sender[w] == OPENED ->
#ifdef OLD_ATTEMPT_MAY_RELEASE
    if
    :: open_now(w) ->
       if
       :: call[w] == ON_ITS_WAY -> stray_(w)
       :: else
       fi;
       forget_(w)
    :: else -> sender[w] = ENDED
    fi
#else
    if
    :: open_now(w) && !taken_over[w] -> forget_(w)
    :: else -> sender[w] = ENDED
    fi
#endif
  }
}

/* ---- the resolver, in any replica */

inline look_up(w) {
  atomic {
    (intent[w] == UNKNOWN || intent[w] == ORPHANED) && !absent[w] && call[w] != ANSWERED ->
    if
    :: !is_state(w) && found(side[w]) == 1 -> number[side[w]] = 1; close_(w)
    :: !is_state(w) && found(side[w]) > 1 -> raised = true
    :: !is_state(w) && found(side[w]) == 0 -> absent[w] = true
    :: is_state(w) && customer[side[w]] == w -> close_(w)
    :: is_state(w) && customer[side[w]] != w -> absent[w] = true
    fi
  }
}

inline send_again(w) { /* Counting the attempt claims it: only the first of several succeeds. */
  atomic {
#ifdef NO_CLAIM
    open_now(w) && absent[w] && (call[w] == 0 || taken_over[w]) && call[w] != ANSWERED && !stray ->
#else
    (intent[w] == UNKNOWN || intent[w] == ORPHANED) && absent[w] && settled(w) && !stray ->
    absent[w] = false;
#endif
    if
    :: call[w] == ON_ITS_WAY -> stray_(w)
    :: else
    fi;
    intent[w] = OPEN; taken_over[w] = true;
    look_then_hold_(w)
  }
}

/* ---- the relay, in any replica */

inline tick_off_(w) {
  row[w] = DELIVERED;
  if
  :: !is_state(w) -> know_(other(side[w]), number[other(side[w])])
  :: else
  fi;
  number[other(side[w])] = (is_state(w) -> number[other(side[w])] : 0);
  mirror_call[w] = 0; mirror_value[w] = 0; mirror_seen[w] = 0
}

inline deliver(w) { /* The receiver is looked up first; the row's value is what is current now. */
  atomic {
    row[w] == PENDING && mirror_call[w] == 0 && oldest(w) ->
    if
    :: !is_state(w) && documents[other(side[w])] == 0 -> mirror_call[w] = ON_ITS_WAY
    :: !is_state(w) && documents[other(side[w])] == 1 ->
       number[other(side[w])] = 1; tick_off_(w)
    :: !is_state(w) && documents[other(side[w])] > 1 -> raised = true; row[w] = DEAD
    :: is_state(w) && customer[side[w]] == customer[other(side[w])] -> tick_off_(w)
    :: is_state(w) && customer[side[w]] != customer[other(side[w])] ->
       mirror_value[w] = customer[side[w]]; mirror_seen[w] = customer[other(side[w])];
       mirror_call[w] = ON_ITS_WAY
    fi
  }
}

inline delivery_fails(w) { /* Not arrived, or the relay dies: the row stays. */
  atomic {
    fault && mirror_call[w] == ON_ITS_WAY ->
    faults++; mirror_call[w] = 0; mirror_value[w] = 0; mirror_seen[w] = 0
  }
}

inline dead_letter(w) {
  atomic {
    fault && mirror_call[w] == ON_ITS_WAY ->
    faults++; row[w] = DEAD; mirror_call[w] = 0; mirror_value[w] = 0; mirror_seen[w] = 0
  }
}

inline replay(w) {
  atomic { row[w] == DEAD && (is_state(w) || documents[other(side[w])] < 2) -> row[w] = PENDING }
}

/* ---- the ERPs and what leads to them */

inline commit(w) {
  atomic {
    call[w] == ON_ITS_WAY ->
    if
    :: !is_state(w) -> create_(side[w], number[side[w]]); call[w] = ANSWERED
    :: is_state(w) && same_revision(side[w], seen[w]) ->
       customer[side[w]] = w; applied[w]++;
       if
       :: open_now(w) -> call[w] = ANSWERED; close_(w)
       :: fault -> faults++; call[w] = 0; seen[w] = 0 /* The answer is lost. */
       :: !open_now(w) -> call[w] = 0; seen[w] = 0
       fi
    :: is_state(w) && !same_revision(side[w], seen[w]) ->
       /* Stale: a live sender reads again, once more within its deadline. */
       if
       :: intent[w] == OPEN -> look_then_hold_(w)
       :: else -> call[w] = 0; seen[w] = 0
       fi
    fi;
  }
}

inline answer_lost(w) { /* Applied or not: nobody heard. */
  atomic {
    fault && call[w] != 0 ->
    faults++; call[w] = 0; seen[w] = 0;
    if
    :: !is_state(w) -> number[side[w]] = 0
    :: else
    fi
  }
}

inline commit_mirror(w) {
  atomic {
    mirror_call[w] == ON_ITS_WAY ->
    if
    :: !is_state(w) -> create_(other(side[w]), number[other(side[w])])
    :: is_state(w) && same_revision(other(side[w]), mirror_seen[w]) ->
       customer[other(side[w])] = mirror_value[w]
    :: is_state(w) && !same_revision(other(side[w]), mirror_seen[w]) ->
       mirror_seen[w] = customer[other(side[w])]
    fi;
    if
    :: !is_state(w) || customer[other(side[w])] == mirror_value[w] -> tick_off_(w)
    :: is_state(w) && customer[other(side[w])] != mirror_value[w] /* Stale: it reads again. */
    :: fault -> /* The answer is lost: the row is delivered again. */
       faults++; mirror_call[w] = 0; mirror_value[w] = 0; mirror_seen[w] = 0;
       number[other(side[w])] = (is_state(w) -> number[other(side[w])] : 0)
    fi
  }
}

/* What waiting cannot exclude: a stop between deadline check and socket, or a commit, that takes
 * longer than settle_ms after the deadline. */
inline call_outlasts(w) {
  atomic {
    !outlasted && absent[w] && (intent[w] == UNKNOWN || intent[w] == ORPHANED) &&
      call[w] == ON_ITS_WAY ->
    outlasted = true; stray_(w)
  }
}

inline delivery_outlasts(w) {
  atomic {
    !outlasted && fault && mirror_call[w] == ON_ITS_WAY ->
    faults++; outlasted = true;
    stray = 1 + w; stray_side = other(side[w]); stray_value = mirror_value[w];
    stray_seen = mirror_seen[w];
    mirror_call[w] = 0; mirror_value[w] = 0; mirror_seen[w] = 0
  }
}

inline stray_lands() {
  atomic {
    stray != 0 ->
    if
    :: stray - 1 == ORDER ->
       if
       :: !VENDOR_KEY || documents[stray_side] == 0 -> documents[stray_side]++
       :: else
       fi
    :: stray - 1 != ORDER && same_revision(stray_side, stray_seen) ->
       customer[stray_side] = stray_value;
       if
       :: stray_value == stray - 1 && side[stray - 1] == stray_side -> applied[stray - 1]++
       :: else
       fi
    :: stray - 1 != ORDER && !same_revision(stray_side, stray_seen)
    fi;
    stray = 0; stray_side = 0; stray_value = 0; stray_seen = 0
  }
}

inline user_posts_or_cancels() {
  atomic { documents[side[ORDER]] > 0 && open_now(ORDER) && !not_open -> not_open = true }
}

/* ---- the feed, in any replica */

inline poll_orders(s) {
  atomic {
    fed[s] < documents[s] ->
    fed[s]++;
#ifndef NOT_RAISED
    if
    :: known[s] != 0 && known[s] != fed[s] -> raised = true
    :: known[s] != 0 && known[s] == fed[s]
    :: known[s] == 0 ->
#ifndef FEED_FORGETS
       noted[s] = noted[s] | (1 << fed[s])
#endif
    fi
#endif
  }
}

/* ---- the plan */

/* A person may have seen an outcome that is not known: then no step forward waits for it. That is
 * allowed here at any time, for each of them. */
#define in_doubt(w) (intent[w] == UNKNOWN || intent[w] == ORPHANED)
#define older(w) (open_now(w) && !in_doubt(w) && routed_by[w] < version)
#define pinned_row(w, s) (undelivered(w) && side[w] == s)
#ifdef OPEN_IS_NO_BACKLOG
#define pinned_state(w, s) pinned_row(w, s)
#define open_birth(s) false
#else
#define pinned_state(w, s) ((undelivered(w) || open_now(w)) && side[w] == s)
#ifdef BIRTHS_ARE_NO_BACKLOG
#define open_birth(s) false
#else
#define open_birth(s) (open_now(ORDER) && side[ORDER] == s)
#endif
#endif
/* Births towards legacy are not counted: before cloud_only lie two steps forward, and the first of
 * them makes such an intent one of an older plan. */
#define pinned_to_legacy                                              \
  (pinned_state(1, LEGACY) || pinned_state(2, LEGACY) || pinned_row(ORDER, LEGACY) || \
   in_doubt(ORDER))
#define pinned_to_cloud                                            \
  (pinned_state(1, CLOUD) || pinned_state(2, CLOUD) || pinned_row(ORDER, CLOUD) || \
   in_doubt(ORDER) || open_birth(CLOUD))
#ifdef FORWARD_OVER_OLDER
#define nothing_older true
#else
#define nothing_older (!older(0) && !older(1) && !older(2))
#endif
#define nothing_undecided (row[0] != DEAD && row[1] != DEAD && row[2] != DEAD)
#ifdef ROLLBACK_UNJUDGED
#define back_is_judged(condition) true
#else
#define back_is_judged(condition) (condition)
#endif

inline step_forward() {
  atomic {
    version < FLIPS && nothing_older && nothing_undecided &&
      (stage == LEGACY_ONLY || stage == DUAL_WRITE && !cloud_behind ||
       stage == CLOUD_PRIMARY && !pinned_to_legacy) ->
    stage++; version++;
    if
    :: stage == CLOUD_ONLY -> legacy_behind = true
    :: else
    fi
  }
}

inline step_back() {
  atomic {
    version < FLIPS &&
      (stage == CLOUD_ONLY || stage == CLOUD_PRIMARY && back_is_judged(!legacy_behind) ||
       stage == DUAL_WRITE && back_is_judged(!pinned_to_cloud)) ->
    stage--; version++;
    if
    :: stage == LEGACY_ONLY -> cloud_behind = true
    :: else
    fi
  }
}

proctype Replica(byte w) {
end:
  do
  :: route(w)
  :: open_and_send(w)
  :: hang_before_the_check(w)
  :: refuse_stale_plan(w)
  :: refuse_wrong_side(w)
  :: not_arrived(w)
  :: outcome_unknown(w)
  :: settle(w)
  :: crash(w)
  :: hang_after_the_check(w)
  :: wake_too_late(w)
  :: look_up(w)
  :: send_again(w)
  :: deliver(w)
  :: delivery_fails(w)
  :: dead_letter(w)
  :: replay(w)
  od
}

proctype Erps() {
end:
  do
  :: commit(0)
  :: commit(1)
  :: commit(2)
  :: answer_lost(0)
  :: answer_lost(1)
  :: answer_lost(2)
  :: commit_mirror(0)
  :: commit_mirror(1)
  :: commit_mirror(2)
  :: call_outlasts(0)
  :: call_outlasts(1)
  :: call_outlasts(2)
  :: delivery_outlasts(0)
  :: delivery_outlasts(1)
  :: delivery_outlasts(2)
  :: stray_lands()
  :: user_posts_or_cancels()
#if !VENDOR_KEY
  :: poll_orders(LEGACY)
  :: poll_orders(CLOUD)
#endif
  od
}

proctype Plan() {
end:
  do
  :: step_forward()
  :: step_back()
  od
}

/* ---- the invariants */

/* Names of what must hold; nothing sets them, so that asserting one reports it. */
hidden byte a_channel_reads_what_it_was_acknowledged;
hidden byte demand_of_open_orders_is_known_to_both_sides;
hidden byte nothing_is_applied_twice;
hidden byte nothing_is_applied_twice_unless_something_outlasted_its_wait;
hidden byte a_doubled_order_is_raised_and_no_other;
hidden byte every_write_gets_an_answer;
hidden byte no_acknowledged_order_is_lost;
hidden byte everything_arrives;
hidden byte both_sides_are_level;

#define doubled (documents[LEGACY] > 1 || documents[CLOUD] > 1)
#define in_progress(v) ((v) != 0 && open_now(v))
#define read_value customer[read_side]
#define copied                                                                       \
  (intent[ORDER] != CLOSED || row[ORDER] != NONE ||                                  \
   !(stage == CLOUD_ONLY && side[ORDER] == LEGACY || stage == LEGACY_ONLY && side[ORDER] == CLOUD))
#define order_is_lost                                          \
  (intent[ORDER] == CLOSED && documents[side[ORDER]] == 0 ||   \
   row[ORDER] == DELIVERED && documents[other(side[ORDER])] == 0)

proctype Invariants() {
end:
  do
  :: atomic {
       read_value != last_acked && !in_progress(read_value) ->
       assert(a_channel_reads_what_it_was_acknowledged)
     }
  :: atomic { !copied -> assert(demand_of_open_orders_is_known_to_both_sides) }
  :: atomic { applied[1] > 1 || applied[2] > 1 -> assert(nothing_is_applied_twice) }
#if VENDOR_KEY
  :: atomic { doubled -> assert(nothing_is_applied_twice) }
#else
  :: atomic {
       doubled && !outlasted ->
       assert(nothing_is_applied_twice_unless_something_outlasted_its_wait)
     }
#endif
  :: atomic { order_is_lost -> assert(no_acknowledged_order_is_lost) }
  :: atomic { /* From here on: when all is quiet. A doubled order waits for a person. */
       timeout && doubled != raised -> assert(a_doubled_order_is_raised_and_no_other)
     }
  :: atomic {
       timeout && (intent[0] != CLOSED && !doubled || intent[1] != CLOSED || intent[2] != CLOSED) ->
       assert(every_write_gets_an_answer)
     }
  :: atomic {
       timeout && (undelivered(0) && !doubled || undelivered(1) || undelivered(2)) ->
       assert(everything_arrives)
     }
  :: atomic {
       timeout && mirrors(stage) && !legacy_behind && !cloud_behind &&
         customer[LEGACY] != customer[CLOUD] ->
       assert(both_sides_are_level)
     }
  od
}

init {
  atomic {
    if
    :: stage = DUAL_WRITE
    :: stage = CLOUD_PRIMARY
    fi;
    run Replica(0); run Replica(1); run Replica(2); run Erps(); run Plan(); run Invariants()
  }
}
