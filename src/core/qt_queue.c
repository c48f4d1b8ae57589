/* Queues and their readers. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_queue.h"
#include "core/qt_core.h"
#include "core/qt_page.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

/* Parcels given or emptied out in one verb by one cause. */
#define QT_GIVE_BATCH 64

qt_queue *qt_queue_find(qt_zone *z, qt_str id)
{
    return qt_zone_find(z, &z->queues, id);
}

int qt_queue_is_over(const qt_queue *queue)
{
    return queue->closed && !queue->ready.count;
}

static void live_until(qt_zone *z, qt_queue *queue, qt_time until)
{
    QT_PUT(z, queue->until, until);
    qt_zone_due(z, &queue->due, QT_DUE_QUEUE, until);
}

/* Somebody touched it: it lives on. Told to the hour, since this comes with every message. */
static void touch(qt_zone *z, qt_queue *queue, qt_time now)
{
    if (!queue->closed && queue->until < now + QT_QUEUE_LIFE) {
        live_until(z, queue, now + QT_QUEUE_LIFE + QT_MEMORY);
    }
}

static qt_queue *get_queue(qt_zone *z, qt_str id, qt_time now)
{
    qt_queue *queue = qt_queue_find(z, id);

    queue = queue ? queue : qt_zone_new(z, &z->queues, sizeof(*queue), id);
    if (queue) {
        touch(z, queue, now);
    }
    return queue;
}

static qt_parcel *parcel_at(qt_zone *z, qt_ref node)
{
    return node ? QT_AROUND(qt_list_at(QT_B(z), node), qt_parcel, line) : NULL;
}

static void free_parcel(qt_zone *z, qt_list *line, qt_parcel *parcel)
{
    qt_list_remove(QT_B(z), line, &parcel->line);
    qt_text_free(z, parcel->text);
    qt_zone_free(z, parcel);
    QT_PUT(z, z->stats.queued, z->stats.queued - 1);
}

/* An open queue in which there is nothing and nobody is none. */
static void let_go(qt_zone *z, qt_queue *queue)
{
    if (!queue->closed && !queue->ready.count && !queue->readers.count && !queue->others.count) {
        qt_zone_due(z, &queue->due, QT_DUE_QUEUE, 0);
        qt_zone_drop(z, &z->queues, queue);
    }
}

/* ---- giving ---- */

qt_parcel *qt_reader_untold(qt_zone *z, const qt_reader *reader)
{
    qt_parcel *at = parcel_at(z, reader->flight.last);

    for (apr_uint32_t i = 1; at && i < reader->untold; i++) {
        at = parcel_at(z, at->line.prev);
    }
    return reader->untold ? at : NULL;
}

int qt_reader_wants(qt_zone *z, const qt_reader *reader)
{
    return reader->untold || qt_queue_is_over(QT_REC(z, qt_queue, reader->queue));
}

static void mark(qt_zone *z, const qt_reader *reader)
{
    if (reader->stream) {
        qt_stream_mark(z, QT_REC(z, qt_stream, reader->stream));
    }
}

/* The reader's next time: when the oldest that it was told is its own. */
static void schedule(qt_zone *z, qt_reader *reader)
{
    const qt_parcel *oldest = parcel_at(z, reader->flight.first);

    if (reader->stream) {
        qt_zone_due(z, &reader->due, QT_DUE_READER, oldest && oldest->told ? oldest->told + reader->grace : 0);
    }
}

static void mark_all(qt_zone *z, const qt_list *readers)
{
    QT_EACH(QT_B(z), n, next, readers) {
        mark(z, QT_AROUND(n, qt_reader, of_queue));
    }
}

/* Ready parcels to able readers, in turn. Cut off after a bounded number: goes on with the queue's next due time, which is then now. */
static void give(qt_zone *z, qt_queue *queue, qt_time now)
{
    int n = 0;

    for (; queue->ready.count && queue->readers.count && n < QT_GIVE_BATCH && qt_undo_room(QT_B(z)); n++) {
        qt_parcel *parcel = parcel_at(z, queue->ready.first);
        qt_reader *reader = QT_AROUND(qt_list_at(QT_B(z), queue->readers.first), qt_reader, of_queue);

        qt_list_remove(QT_B(z), &queue->ready, &parcel->line);
        qt_list_append(QT_B(z), &reader->flight, &parcel->line);
        QT_PUT(z, parcel->told, 0);
        QT_PUT(z, reader->untold, reader->untold + 1);
        qt_list_remove(QT_B(z), &queue->readers, &reader->of_queue);
        qt_list_append(QT_B(z), &queue->readers, &reader->of_queue);
        mark(z, reader);
    }
    if (queue->ready.count && queue->readers.count) {
        qt_zone_due(z, &queue->due, QT_DUE_QUEUE, now);
    }
    if (qt_queue_is_over(queue)) {
        mark_all(z, &queue->readers);
        mark_all(z, &queue->others);
    }
}

void qt_reader_told(qt_zone *z, qt_reader *reader, qt_parcel *parcel, qt_time now)
{
    QT_PUT(z, parcel->told, now);
    QT_PUT(z, reader->untold, reader->untold - 1);
    touch(z, QT_REC(z, qt_queue, reader->queue), now);
    schedule(z, reader);
}

/* ---- taking back ---- */

/* Before the first one that came after it; looked for from the head, where what comes back belongs. */
static void put_back(qt_zone *z, qt_queue *queue, qt_parcel *parcel)
{
    qt_parcel *at = parcel_at(z, queue->ready.first);

    while (at && at->seq < parcel->seq) {
        at = parcel_at(z, at->line.next);
    }
    qt_list_insert(QT_B(z), &queue->ready, &parcel->line, at ? &at->line : NULL);
}

/* The same in what a reader has, all of it untold; looked for from the end. */
static void take_over(qt_zone *z, qt_reader *reader, qt_list *from, qt_parcel *parcel)
{
    qt_parcel *at = parcel_at(z, reader->flight.last);
    qt_node *before = NULL;

    for (; at && at->seq > parcel->seq; at = parcel_at(z, at->line.prev)) {
        before = &at->line;
    }
    qt_list_remove(QT_B(z), from, &parcel->line);
    qt_list_insert(QT_B(z), &reader->flight, &parcel->line, before);
    QT_PUT(z, parcel->told, 0);
    reader->untold++; /* made in this verb */
}

static void free_reader(qt_zone *z, qt_queue *queue, qt_reader *reader)
{
    qt_zone_due(z, &reader->due, QT_DUE_READER, 0);
    qt_list_remove(QT_B(z), reader->able ? &queue->readers : &queue->others, &reader->of_queue);
    qt_zone_free(z, reader);
}

/* All that it has is ready again, last first, so that each finds its place at the head. Before all of it is, none should be given to
 * others, out of order: so it is cut off (0) only when a verb holds no more. */
static int return_all(qt_zone *z, qt_queue *queue, qt_reader *reader)
{
    while (reader->flight.count && qt_undo_room(QT_B(z))) {
        qt_parcel *parcel = parcel_at(z, reader->flight.last);

        qt_list_remove(QT_B(z), &reader->flight, &parcel->line);
        put_back(z, queue, parcel);
    }
    return !reader->flight.count;
}

static void give_up(qt_zone *z, qt_reader *reader, qt_time now)
{
    qt_queue *queue = QT_REC(z, qt_queue, reader->queue);

    QT_PUT(z, reader->untold, 0);
    if (return_all(z, queue, reader)) {
        free_reader(z, queue, reader);
    }
    else {
        qt_zone_due(z, &reader->due, QT_DUE_READER, now); /* goes on with the next tick */
    }
    give(z, queue, now);
    let_go(z, queue);
}

/* What it was told by then has been read. */
static void read_some(qt_zone *z, qt_reader *reader, qt_time until)
{
    qt_parcel *oldest;

    while ((oldest = parcel_at(z, reader->flight.first)) != NULL && oldest->told && oldest->told <= until && qt_undo_room(QT_B(z))) {
        free_parcel(z, &reader->flight, oldest);
        QT_PUT(z, z->stats.read, z->stats.read + 1);
    }
}

/* How many of the first it was told end with the one of that number; 0: it was told none such. */
static apr_uint32_t told_up_to(qt_zone *z, const qt_reader *reader, apr_uint64_t seq)
{
    apr_uint32_t n = 1;

    for (const qt_parcel *at = parcel_at(z, reader->flight.first); at && at->told; at = parcel_at(z, at->line.next), n++) {
        if (at->seq == seq) {
            return n;
        }
    }
    return 0;
}

/* The one with that number and all that it was told before have been read. */
static void read_up_to(qt_zone *z, qt_reader *reader, apr_uint64_t seq)
{
    for (apr_uint32_t n = told_up_to(z, reader, seq); n > 0 && qt_undo_room(QT_B(z)); n--) {
        free_parcel(z, &reader->flight, parcel_at(z, reader->flight.first));
        QT_PUT(z, z->stats.read, z->stats.read + 1);
    }
}

void qt_reader_due(qt_zone *z, qt_reader *reader, qt_time now)
{
    if (!reader->stream) {
        give_up(z, reader, now);
        return;
    }
    read_some(z, reader, now - reader->grace);
    schedule(z, reader);
}

/* ---- coming and going ---- */

/* A poll is how a full zone is emptied. */
static qt_reader *new_reader(qt_zone *z, qt_queue *queue, apr_uint64_t serial, const qt_call *call, qt_need need)
{
    qt_reader *reader = call->who.n <= QT_NAME_MAX ? qt_zone_alloc(z, sizeof(*reader) + call->who.n, need) : NULL;

    if (!reader) {
        return NULL;
    }
    *reader = (qt_reader){ .queue = QT_OF(z, queue), .serial = serial, .grace = call->grace, .nwho = (apr_uint32_t)call->who.n };
    memcpy(reader + 1, call->who.p, call->who.n);
    qt_list_append(QT_B(z), &queue->others, &reader->of_queue);
    return reader;
}

/* What this user's broken streams had: read, as far as he says so, and the rest is his again, to be told anew. */
static void adopt(qt_zone *z, qt_queue *queue, qt_reader *reader, const qt_call *call)
{
    apr_uint64_t read = call->since.given && call->since.epoch == z->epoch ? call->since.seq : 0;

    QT_EACH(QT_B(z), n, next, &queue->others) {
        qt_reader *broken = QT_AROUND(n, qt_reader, of_queue);

        if (broken->stream || broken->loan || !qt_str_eq(qt_reader_who(broken), call->who)) {
            continue;
        }
        read_up_to(z, broken, read);
        while (broken->flight.count && qt_undo_room(QT_B(z))) {
            take_over(z, reader, &broken->flight, parcel_at(z, broken->flight.first));
        }
        if (!broken->flight.count) {
            free_reader(z, queue, broken);
        }
    }
}

apr_status_t qt_reader_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call)
{
    qt_queue *queue = get_queue(z, call->queue, now);
    qt_reader *reader = queue ? new_reader(z, queue, stream->serial, call, QT_NORMAL) : NULL;

    if (!reader) {
        return QT_E_FULL;
    }
    reader->stream = QT_OF(z, stream);
    stream->reader = QT_OF(z, reader);
    stream->held = 1;
    adopt(z, queue, reader, call);
    return APR_SUCCESS;
}

void qt_reader_hold(qt_zone *z, qt_reader *reader, int held, qt_time now)
{
    qt_queue *queue = QT_REC(z, qt_queue, reader->queue);

    if (reader->able == !held) {
        return;
    }
    qt_list_remove(QT_B(z), reader->able ? &queue->readers : &queue->others, &reader->of_queue);
    qt_list_append(QT_B(z), held ? &queue->others : &queue->readers, &reader->of_queue);
    QT_EDIT(z, reader);
    reader->able = !held;
    if (!held) {
        give(z, queue, now);
    }
}

/* Who has been told the end has read it all; not who was sent away. Anybody else may come back for what he was given lately. */
void qt_reader_go(qt_zone *z, qt_stream *stream, qt_time now)
{
    qt_reader *reader = QT_REC(z, qt_reader, stream->reader);
    qt_queue *queue = QT_REC(z, qt_queue, reader->queue);

    if (stream->ended && !stream->end && qt_queue_is_over(queue)) {
        read_some(z, reader, QT_NEVER);
    }
    else {
        read_some(z, reader, now - reader->grace);
    }
    QT_EDIT(z, reader);
    reader->stream = 0;
    qt_reader_hold(z, reader, 1, now);
    if (!reader->flight.count) {
        free_reader(z, queue, reader);
        let_go(z, queue);
    }
    else if (reader->grace == 0) {
        give_up(z, reader, now);
    }
    else {
        qt_zone_due(z, &reader->due, QT_DUE_READER, now + reader->grace);
    }
}

/* ---- its end ---- */

static void empty(qt_zone *z, qt_queue *queue)
{
    int n = 0;

    while (queue->ready.count && n++ < QT_GIVE_BATCH && qt_undo_room(QT_B(z))) {
        free_parcel(z, &queue->ready, parcel_at(z, queue->ready.first));
    }
}

/* A queue that nobody reads is emptied; one that still has readers lives on without its messages. */
static void forget(qt_zone *z, qt_queue *queue, qt_time now)
{
    empty(z, queue);
    if (queue->ready.count) {
        qt_zone_due(z, &queue->due, QT_DUE_QUEUE, now);
    }
    else if (queue->readers.count || queue->others.count) {
        live_until(z, queue, now + QT_MEMORY);
    }
    else {
        qt_zone_due(z, &queue->due, QT_DUE_QUEUE, 0);
        qt_zone_drop(z, &z->queues, queue);
    }
}

void qt_queue_due(qt_zone *z, qt_queue *queue, qt_time now)
{
    if (queue->until <= now) {
        forget(z, queue, now);
        return;
    }
    qt_zone_due(z, &queue->due, QT_DUE_QUEUE, queue->until);
    give(z, queue, now);
}

/* ---- verbs ---- */

static apr_status_t push_one(qt_zone *z, qt_queue *queue, qt_str text, apr_uint64_t *seq)
{
    qt_parcel *parcel = qt_undo_room(QT_B(z)) ? qt_zone_alloc(z, sizeof(*parcel), QT_NORMAL) : NULL;

    if (!parcel) {
        return QT_E_FULL;
    }
    QT_PUT(z, z->seq, z->seq + 1);
    *parcel = (qt_parcel){ .seq = z->seq, .text = qt_text_new(z, text) };
    qt_list_append(QT_B(z), &queue->ready, &parcel->line);
    *seq = parcel->seq;
    return parcel->text || !text.n ? APR_SUCCESS : QT_E_FULL;
}

apr_status_t qt_do_push(qt_zone *z, qt_time now, qt_call *call)
{
    qt_queue *queue = qt_queue_find(z, call->queue);
    apr_uint64_t *seqs;
    apr_status_t rv = APR_SUCCESS;

    if (call->ntexts > QT_ADD_MAX) {
        return QT_E_TOO_LARGE;
    }
    if (queue && queue->closed) {
        return QT_E_CONFLICT;
    }
    queue = get_queue(z, call->queue, now);
    seqs = qt_lay(&call->out, call->ntexts * sizeof(*seqs));
    if (!queue || !seqs) {
        return queue ? QT_E_SPACE : QT_E_FULL;
    }
    for (call->n = 0; rv == APR_SUCCESS && call->n < call->ntexts; call->n++) {
        rv = push_one(z, queue, call->texts[call->n], &seqs[call->n]);
    }
    QT_EDIT(z, &z->stats);
    z->stats.queued += call->n;
    z->stats.pushed += call->n;
    call->seqs = seqs;
    call->epoch = z->epoch;
    give(z, queue, now);
    let_go(z, queue);
    return rv;
}

apr_status_t qt_do_close(qt_zone *z, qt_time now, qt_call *call)
{
    qt_queue *queue = get_queue(z, call->queue, now);

    if (!queue) {
        return QT_E_FULL;
    }
    if (!queue->closed) {
        QT_EDIT(z, queue);
        queue->closed = 1;
        live_until(z, queue, now + QT_CLOSED_LIFE);
        give(z, queue, now);
    }
    return APR_SUCCESS;
}

/* ---- polls: what is taken is on loan until it has been written ---- */

static int lay_parcel(qt_zone *z, qt_call *call, const qt_parcel *parcel)
{
    qt_event *event = &call->events[call->n];

    *event = (qt_event){ .kind = QT_EV_MESSAGE, .seq = parcel->seq };
    if (!qt_lay_text(z, &call->out, parcel->text, &event->data)) {
        return 0;
    }
    call->n++;
    return 1;
}

/* What is his by right first, then what is ready. */
static apr_status_t fill_loan(qt_zone *z, qt_time now, qt_call *call, qt_queue *queue, qt_reader *loan)
{
    adopt(z, queue, loan, call);
    while (queue->ready.count && loan->flight.count < QT_DRAIN_MAX && qt_undo_room(QT_B(z))) {
        take_over(z, loan, &queue->ready, parcel_at(z, queue->ready.first));
    }
    call->events = qt_lay(&call->out, (loan->flight.count + 1) * sizeof(*call->events));
    if (!call->events) {
        return QT_E_SPACE;
    }
    QT_EACH(QT_B(z), n, next, &loan->flight) {
        qt_parcel *parcel = QT_AROUND(n, qt_parcel, line);

        QT_PUT(z, parcel->told, now);
        if (!lay_parcel(z, call, parcel)) {
            return QT_E_SPACE;
        }
    }
    loan->untold = 0;
    return APR_SUCCESS;
}

apr_status_t qt_do_drain(qt_zone *z, qt_time now, qt_call *call)
{
    qt_queue *queue = qt_queue_find(z, call->queue);
    qt_reader *loan;
    apr_status_t rv;

    call->stream = 0;
    call->epoch = z->epoch;
    if (!queue) {
        return APR_SUCCESS;
    }
    QT_PUT(z, z->serials, z->serials + 1);
    loan = new_reader(z, queue, z->serials, call, queue->ready.count ? QT_URGENT : QT_NORMAL);
    if (!loan) {
        return QT_E_FULL;
    }
    loan->loan = 1;
    rv = fill_loan(z, now, call, queue, loan);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    call->stream = loan->serial;
    call->more = queue->ready.count > 0;
    if (qt_queue_is_over(queue)) {
        call->events[call->n++] = (qt_event){ .kind = QT_EV_TERMINATE };
    }
    qt_zone_due(z, &loan->due, QT_DUE_READER, now + (call->grace > QT_SECOND ? call->grace : QT_SECOND));
    return APR_SUCCESS;
}

static qt_reader *find_loan(qt_zone *z, const qt_queue *queue, apr_uint64_t serial)
{
    QT_EACH(QT_B(z), n, next, &queue->others) {
        qt_reader *reader = QT_AROUND(n, qt_reader, of_queue);

        if (reader->loan && reader->serial == serial) {
            return reader;
        }
    }
    return NULL;
}

apr_status_t qt_do_drained(qt_zone *z, qt_time now, qt_call *call)
{
    qt_queue *queue = qt_queue_find(z, call->queue);
    qt_reader *loan = queue ? find_loan(z, queue, call->stream) : NULL;

    if (!loan) {
        return APR_SUCCESS;
    }
    touch(z, queue, now);
    if (call->flag) {
        read_some(z, loan, QT_NEVER);
    }
    give_up(z, loan, now);
    return APR_SUCCESS;
}

/* ---- looking ---- */

static int lay_queue(qt_zone *z, qt_call *call, const void *record)
{
    const qt_queue *queue = record;
    qt_queue_view *view = &call->queues[call->n];

    *view = (qt_queue_view){ .messages = queue->ready.count, .closed = queue->closed };
    QT_EACH(QT_B(z), n, next, &queue->readers) {
        view->in_flight += QT_AROUND(n, qt_reader, of_queue)->flight.count;
        view->readers++;
    }
    QT_EACH(QT_B(z), m, following, &queue->others) {
        const qt_reader *reader = QT_AROUND(m, qt_reader, of_queue);

        view->in_flight += reader->flight.count;
        view->readers += reader->stream != 0;
    }
    call->n++;
    return qt_lay_str(&call->out, qt_id(queue), &view->name);
}

apr_status_t qt_do_queues(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->queues = qt_page_lay(call, sizeof(*call->queues));
    return call->queues ? qt_page_of(z, call, &z->queues, lay_queue) : QT_E_SPACE;
}
