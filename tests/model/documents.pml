/* The life of documents: born in one ERP, followed by an inert copy in the other, until closed.
 *
 * Covers   two orders, three writes (both are placed, the first one is cancelled by its channel); the
 *          answer to placing may get lost; in each ERP a warehouse that ships and posts whatever is
 *          released, and users who edit one order, or raise it after everything has shipped, and
 *          delete the first one (the two meet nowhere but in the plan); the feed of the home, rows
 *          that place, cancel and follow, deliveries that fail; catching up; reads; flips forward
 *          and back.
 * Leaves out  shadow_read and ramp_down, which write as dual_write and cloud_primary do; hangs and
 *          late commits, and with them doubling (writes.pml); replicas: each transition is a
 *          transaction or a call that any replica may make; a user who releases the inert copy by
 *          hand, which the feed raises as mirror_executed.
 *
 * Inlines whose names end in _ are parts; every other inline is a transition, and docs/safety.md
 * names the function that implements it. */

#ifndef FLIPS
#define FLIPS 2
#endif

#define LEGACY 0
#define CLOUD 1
#define UNBORN 2
#define other(s) (1 - (s))

#define LEGACY_ONLY 0
#define DUAL_WRITE 1
#define CLOUD_PRIMARY 2
#define CLOUD_ONLY 3
#define primary(stage) ((stage) >= CLOUD_PRIMARY)
#define mirrors(stage) ((stage) == DUAL_WRITE || (stage) == CLOUD_PRIMARY)

/* A document in an ERP. */
#define ABSENT 0
#define INERT 1 /* Unreleased. */
#define RELEASED 2
#define SHIPPED 3
#define RAISED 4    /* After everything had shipped: something is outstanding again, and stays so. */
#define POSTED 5    /* And gone from the open orders. */
#define CANCELLED 6 /* A tombstone. */
#define EMPTY 7     /* Inert, and nothing outstanding. */
#define unshipped(d) ((d) == INERT || (d) == RELEASED)
#define is_open(d) (unshipped(d) || (d) == RAISED)

/* Outbox rows towards the other side. */
#define PLACE 1
#define CANCEL 2
#define FOLLOW 3

/* Placing. */
#define SENT 1
#define LOST 2 /* Unknown outcome. */
#define DONE 3

typedef Erp { byte document[2]; bit edited[2]; bool shipped[2] };
Erp erp[2];

/* The journal. */
byte stage, flips;
byte home[2], placing[2];
bool mirrored[2], closed[2], cancelled[2], release_due[2];
byte shown[2]; /* The furthest status that a channel has seen. */
chan rows[2] = [4] of { byte };
bool indexed[2]; /* Catching up has read it, */
bit edit_read[2]; /* as it was then. */

/* What the feed of the home has not met. */
bool changed[2];
bool deleted_by_user[2];
byte edits, deletions, lost_answers;
bool cancel_used;

/* A follow in progress has read the home. */
bool following[2];
byte read_status[2];
bit read_edit[2];

/* Names of what must hold; nothing sets them, so that asserting one reports it. */
hidden byte an_order_is_executed_in_one_erp_only;
hidden byte no_cancel_is_acknowledged_after_shipment;
hidden byte nothing_cancelled_is_shipped;
hidden byte a_status_never_goes_back;
hidden byte no_acknowledged_order_is_lost;
hidden byte the_copy_follows_its_document;
hidden byte everything_arrives;

#define at_home(o) erp[home[o]].document[o]
#define copy(o) erp[other(home[o])].document[o]

#ifdef NO_TOMBSTONE
#define cancelled_as ABSENT
#else
#define cancelled_as CANCELLED
#endif
#ifdef LOOKUP_SEES_OPEN_ONLY
#define found(d) ((d) == POSTED -> ABSENT : (d))
#else
#define found(d) (d)
#endif

inline place_order(o) {
  atomic {
    home[o] == UNBORN -> home[o] = primary(stage); placing[o] = SENT
  }
}

inline create_(o) { at_home(o) = INERT }

inline settle_(o) {
  placing[o] = DONE;
  closed[o] = (at_home(o) == CANCELLED || at_home(o) == POSTED);
  if
  :: at_home(o) == INERT -> release_due[o] = true
  :: skip /* Held: its totals differ. */
  fi;
  if
  :: mirrors(stage) && !closed[o] -> mirrored[o] = true; rows[o]!PLACE
  :: else
  fi;
  shown[o] = (at_home(o) == CANCELLED -> CANCELLED : RELEASED);
  changed[o] = false /* The feed skips what is in progress; closing brings it. */
}

inline commit_order(o) {
  atomic {
    placing[o] == SENT ->
    create_(o);
    if
    :: settle_(o)
    :: o == 0 && lost_answers == 0 -> lost_answers++; placing[o] = LOST
    fi
  }
}

inline look_up_order(o) {
  atomic {
    placing[o] == LOST ->
    if
    :: found(at_home(o)) != ABSENT -> settle_(o)
    :: found(at_home(o)) == ABSENT -> placing[o] = SENT /* Settled: it is sent again. */
    fi
  }
}

inline release_order(o) {
  atomic {
    release_due[o] ->
    release_due[o] = false;
    if
    :: at_home(o) == INERT && !closed[o] -> at_home(o) = RELEASED
    :: !(at_home(o) == INERT && !closed[o])
    fi
  }
}

#ifdef DOCUMENTS_FOLLOW_THE_PLAN
#define serving(o) (mirrored[o] && len(rows[o]) == 0 -> primary(stage) : home[o])
#else
#define serving(o) home[o]
#endif

inline cancel_order(o) { /* The ERP that serves the order decides. */
  atomic {
    o == 0 && !cancel_used && placing[o] == DONE && unshipped(erp[serving(o)].document[o]) && len(rows[o]) < 4 ->
    cancel_used = true;
    if
    :: erp[home[o]].shipped[o] || erp[other(home[o])].shipped[o] ->
       assert(no_cancel_is_acknowledged_after_shipment)
    :: else
    fi;
    erp[serving(o)].document[o] = cancelled_as;
    cancelled[o] = true; closed[o] = true; shown[o] = CANCELLED;
    if
    :: mirrored[o] -> rows[o]!CANCEL
    :: !mirrored[o]
    fi
  }
}

#define status_read(o) (found(erp[serving(o)].document[o]))
/* A channel that has seen an order shipped is not told that it was raised. */
#define rank(d) ((d) == INERT -> RELEASED : ((d) == RAISED -> SHIPPED : (d)))

inline read_order(o) { /* What a channel has seen is remembered before it sees it. */
  atomic {
    placing[o] == DONE && rank(status_read(o)) != shown[o] ->
    if
    :: rank(status_read(o)) > shown[o] -> shown[o] = rank(status_read(o))
    :: rank(status_read(o)) < shown[o] -> assert(a_status_never_goes_back)
    fi
  }
}

/* ---- the ERPs' own users */

inline warehouse_ships(s, o) {
  atomic {
    erp[s].document[o] == RELEASED ->
    erp[s].document[o] = SHIPPED; erp[s].shipped[o] = true;
    changed[o] = changed[o] || s == home[o]
  }
}

inline finance_posts(s, o) {
  atomic {
    erp[s].document[o] == SHIPPED ->
    erp[s].document[o] = POSTED;
    changed[o] = changed[o] || s == home[o]
  }
}

inline user_edits(o) {
  atomic {
    edits == 0 && placing[o] == DONE && is_open(at_home(o)) ->
    edits++; erp[home[o]].edited[o] = 1; changed[o] = true
  }
}

inline user_raises(o) {
  atomic {
    edits == 0 && placing[o] == DONE && at_home(o) == SHIPPED ->
    edits++; at_home(o) = RAISED; erp[home[o]].edited[o] = 1; changed[o] = true
  }
}

inline user_deletes(o) {
  atomic {
    o == 0 && deletions == 0 && home[o] != UNBORN && unshipped(at_home(o)) ->
    deletions++; deleted_by_user[o] = true; at_home(o) = cancelled_as; changed[o] = true
  }
}

/* ---- feed, relay, catching up */

inline poll_orders(o) {
  atomic {
    changed[o] && placing[o] == DONE && len(rows[o]) < 4 ->
    changed[o] = false;
    closed[o] = closed[o] || at_home(o) == CANCELLED || at_home(o) == POSTED;
    shown[o] = (rank(at_home(o)) > shown[o] -> rank(at_home(o)) : shown[o]);
    if
    :: mirrored[o] -> rows[o]!FOLLOW /* A row of its own: one on its way may have read before. */
    :: !mirrored[o]
    fi
  }
}

#ifdef MIRRORS_ARE_LIVE
#define as_mirrored RELEASED
#else
#define as_mirrored INERT
#endif

#define held(d) (is_open(d) || (d) == EMPTY)

inline withdraw_(o) {
  if
  :: held(copy(o)) -> copy(o) = CANCELLED
  :: !held(copy(o))
  fi
}

#ifdef WITHDRAWN_WHEN_SHIPPED
#define emptied CANCELLED
#else
#define emptied EMPTY
#endif

/* The oldest row of the order; its answer may be lost, and it is delivered again. */
inline deliver_place(o) {
  atomic {
    rows[o]?[PLACE] && !following[o] ->
    if
    :: found(copy(o)) == ABSENT ->
       copy(o) = as_mirrored; erp[other(home[o])].edited[o] = edit_read[o]
    :: found(copy(o)) != ABSENT
    fi;
    if
    :: rows[o]?PLACE -> edit_read[o] = 0
    :: o == 0 && lost_answers == 0 -> lost_answers++
    fi
  }
}

inline deliver_cancel(o) {
  atomic {
#ifdef ANY_ORDER
    rows[o]??[CANCEL] && !following[o] ->
    rows[o]??CANCEL;
#else
    rows[o]?[CANCEL] && !following[o] ->
    rows[o]?CANCEL;
#endif
    withdraw_(o)
  }
}

inline read_home_to_follow(o) {
  atomic {
    rows[o]?[FOLLOW] && !following[o] ->
    following[o] = true; read_status[o] = at_home(o); read_edit[o] = erp[home[o]].edited[o]
  }
}

inline deliver_follow(o) {
  atomic {
    following[o] ->
    if
    :: is_open(read_status[o]) ->
       erp[other(home[o])].edited[o] = read_edit[o];
       copy(o) = (copy(o) == EMPTY -> INERT : copy(o))
    :: read_status[o] == SHIPPED -> copy(o) = (is_open(copy(o)) -> emptied : copy(o))
    :: !is_open(read_status[o]) && read_status[o] != SHIPPED -> withdraw_(o)
    fi;
    following[o] = false; read_status[o] = 0; read_edit[o] = 0;
    rows[o]?FOLLOW
  }
}

inline catch_up_reads(o) {
  atomic {
    mirrors(stage) && placing[o] == DONE && !mirrored[o] && !closed[o] && !indexed[o] &&
      is_open(at_home(o)) ->
    indexed[o] = true; edit_read[o] = erp[home[o]].edited[o]
  }
}

#ifdef DELETIONS_FORGOTTEN
#define not_deleted(o) true
#else
#define not_deleted(o) (!closed[o])
#endif

inline catch_up_queues(o) {
  atomic {
    indexed[o] && len(rows[o]) < 3 ->
    indexed[o] = false;
    if
    :: mirrors(stage) && !mirrored[o] && not_deleted(o) ->
       mirrored[o] = true; rows[o]!PLACE;
#if !defined(DELETIONS_FORGOTTEN) && !defined(CHANGES_FORGOTTEN)
       rows[o]!FOLLOW /* What changed since it was read was nobody's to follow. */
#endif
    :: else -> edit_read[o] = 0
    fi
  }
}

/* ---- the plan */

#define settled(o) (placing[o] == DONE || home[o] == UNBORN)
#define level(o) (len(rows[o]) == 0 && settled(o))
#define copied(o, side) (home[o] != side || placing[o] != DONE || mirrored[o] || closed[o])

inline step_forward() {
  atomic {
    flips < FLIPS &&
      (stage == LEGACY_ONLY || stage == DUAL_WRITE && copied(0, LEGACY) && copied(1, LEGACY) ||
       stage == CLOUD_PRIMARY && level(0) && level(1)) ->
    stage++; flips++
  }
}

inline step_back() {
  atomic {
    flips < FLIPS &&
      (stage == CLOUD_ONLY || stage == CLOUD_PRIMARY && copied(0, CLOUD) && copied(1, CLOUD) ||
       stage == DUAL_WRITE && level(0) && level(1)) ->
    stage--; flips++
  }
}

proctype Facade(byte o) {
end:
  do
  :: place_order(o)
  :: look_up_order(o)
  :: release_order(o)
  :: cancel_order(o)
  :: read_order(o)
  :: poll_orders(o)
  :: deliver_place(o)
  :: deliver_cancel(o)
  :: read_home_to_follow(o)
  :: deliver_follow(o)
  :: catch_up_reads(o)
  :: catch_up_queues(o)
  od
}

proctype Erps(byte o) {
end:
  do
  :: commit_order(o)
  :: warehouse_ships(LEGACY, o)
  :: warehouse_ships(CLOUD, o)
  :: finance_posts(LEGACY, o)
  :: finance_posts(CLOUD, o)
  :: user_edits(o)
  :: user_raises(o)
  :: user_deletes(o)
  od
}

proctype Plan() {
end:
  do
  :: step_forward()
  :: step_back()
  od
}

#define twice(o) (erp[LEGACY].shipped[o] && erp[CLOUD].shipped[o])
#define shipped_after_all(o)                \
  ((cancelled[o] || deleted_by_user[o]) && (erp[LEGACY].shipped[o] || erp[CLOUD].shipped[o]))
#define lost(o) (placing[o] == DONE && !cancelled[o] && !deleted_by_user[o] && at_home(o) == ABSENT)
#define astray(o)                                                                     \
  (placing[o] == DONE && mirrored[o] &&                                               \
   (is_open(at_home(o)) != is_open(copy(o)) ||                                        \
    is_open(copy(o)) && erp[LEGACY].edited[o] != erp[CLOUD].edited[o]))

proctype Invariants() {
end:
  do
  :: atomic { twice(0) || twice(1) -> assert(an_order_is_executed_in_one_erp_only) }
  :: atomic { shipped_after_all(0) || shipped_after_all(1) -> assert(nothing_cancelled_is_shipped) }
  :: atomic { lost(0) || lost(1) -> assert(no_acknowledged_order_is_lost) }
  :: atomic { timeout && !(level(0) && level(1)) -> assert(everything_arrives) }
  :: atomic { timeout && (astray(0) || astray(1)) -> assert(the_copy_follows_its_document) }
  od
}

init {
  atomic {
    home[0] = UNBORN; home[1] = UNBORN;
    if
    :: stage = LEGACY_ONLY
    :: stage = DUAL_WRITE
    :: stage = CLOUD_PRIMARY
    fi;
    run Facade(0); run Facade(1); run Erps(0); run Erps(1); run Plan(); run Invariants()
  }
}
