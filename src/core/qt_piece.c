/* Coalescing. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_piece.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_topic.h"
#include "wire/qt_json.h"

#include <stdio.h>

/* A piece's number as text. */
#define QT_NUMBER_MAX QT_JSON_REAL_MAX

static qt_str name_of(const qt_piece *piece)
{
    return (qt_str){ (const char *)(piece + 1), piece->nname };
}

static qt_str text_of(const qt_piece *piece)
{
    return (qt_str){ (const char *)(piece + 1) + piece->nname, piece->ntext };
}

void qt_pieces_free(qt_zone *z, qt_ref pieces)
{
    while (pieces) {
        qt_piece *piece = QT_REC(z, qt_piece, pieces);

        pieces = piece->next;
        qt_zone_free(z, piece);
    }
}

/* ---- adding ---- */

/* The piece that the item is merged into: of its name, or, in a union, the same element. *last: the end of the chain. */
static qt_piece *find_piece(qt_zone *z, qt_ref first, const qt_item *item, qt_merge merge, qt_piece **last)
{
    *last = NULL;
    for (qt_piece *at = QT_AT(z, qt_piece, first); at; *last = at, at = QT_AT(z, qt_piece, at->next)) {
        if (qt_str_eq(name_of(at), item->name) && (merge == QT_MERGE_SUM || qt_str_eq(text_of(at), item->text))) {
            return at;
        }
    }
    return NULL;
}

static qt_piece *new_piece(qt_zone *z, const qt_item *item)
{
    apr_size_t n = sizeof(qt_piece) + item->name.n + item->text.n;
    qt_piece *piece = n <= QT_CELL_MAX ? qt_zone_alloc(z, n, QT_NORMAL) : NULL;

    if (!piece) {
        return NULL;
    }
    *piece = (qt_piece){ .nname = (apr_uint32_t)item->name.n, .ntext = (apr_uint32_t)item->text.n,
                         .fraction = item->fraction, .whole = item->whole, .real = item->real };
    if (item->name.n) {
        memcpy(piece + 1, item->name.p, item->name.n);
    }
    if (item->text.n) {
        memcpy((char *)(piece + 1) + item->name.n, item->text.p, item->text.n);
    }
    return piece;
}

/* Whole numbers stay whole as long as they can. */
static void add_number(qt_zone *z, qt_piece *piece, const qt_item *item)
{
    double real = (piece->fraction ? piece->real : (double)piece->whole) + (item->fraction ? item->real : (double)item->whole);
    apr_int64_t whole = 0;

    QT_EDIT(z, piece);
    if (piece->fraction || item->fraction || __builtin_add_overflow(piece->whole, item->whole, &whole)) {
        piece->fraction = 1;
        piece->real = real - real == 0 ? real : piece->real; /* beyond what a double holds it stays where it was */
    }
    else {
        piece->whole = whole;
    }
}

/* Puts `piece` where `old` (NULL: nothing, at the end) stood. */
static void put_piece(qt_zone *z, qt_pending *pending, qt_piece *piece, qt_piece *old, qt_piece *before)
{
    piece->next = old ? old->next : 0;
    if (before) {
        QT_PUT(z, before->next, QT_OF(z, piece));
    }
    else {
        QT_PUT(z, pending->pieces, QT_OF(z, piece));
    }
    if (old) {
        qt_zone_free(z, old);
    }
    else {
        QT_PUT(z, pending->npieces, pending->npieces + 1);
    }
}

static apr_status_t merge_item(qt_zone *z, qt_pending *pending, const qt_item *item, qt_merge merge)
{
    qt_piece *before, *old = find_piece(z, pending->pieces, item, merge, &before), *piece;

    if (old && merge == QT_MERGE_SUM && !item->text.n && !old->ntext) {
        add_number(z, old, item);
        return APR_SUCCESS;
    }
    if (old && merge == QT_MERGE_UNION) {
        return APR_SUCCESS;
    }
    if (!old && pending->npieces >= QT_ITEMS_MAX) {
        return QT_E_TOO_LARGE;
    }
    piece = new_piece(z, item);
    if (!piece) {
        return sizeof(qt_piece) + item->name.n + item->text.n > QT_CELL_MAX ? QT_E_TOO_LARGE : QT_E_FULL;
    }
    put_piece(z, pending, piece, old, before);
    return APR_SUCCESS;
}

static int fits(qt_zone *z, const qt_pending *pending, const qt_call *call)
{
    const qt_piece *first = QT_AT(z, qt_piece, pending->pieces);

    return !first || !call->nitems || (first->nname > 0) == (call->items[0].name.n > 0);
}

static apr_status_t merge_call(qt_zone *z, qt_pending *pending, const qt_call *call)
{
    qt_merge merge = call->topic_rules->merge;
    apr_status_t rv = merge == QT_MERGE_SUM && !fits(z, pending, call) ? QT_E_MALFORMED : APR_SUCCESS;

    QT_EDIT(z, pending);
    pending->count++;
    pending->ntype = (apr_uint16_t)call->type.n;
    if (call->type.n) {
        memcpy(pending->type, call->type.p, call->type.n);
    }
    if (merge == QT_MERGE_LAST) {
        qt_text_free(z, pending->text);
        pending->text = qt_text_new(z, call->data);
        return pending->text || !call->data.n ? rv : QT_E_FULL;
    }
    for (apr_uint32_t i = 0; rv == APR_SUCCESS && merge != QT_MERGE_COUNT && i < call->nitems; i++) {
        rv = qt_undo_room(QT_B(z)) ? merge_item(z, pending, &call->items[i], merge) : QT_E_FULL;
    }
    return rv;
}

/* ---- its end ---- */

/* 0: there is no room, not even in place of older messages of topics. */
static int become_message(qt_zone *z, qt_pending *pending, qt_time now)
{
    qt_topic *topic = QT_REC(z, qt_topic, pending->topic);
    qt_str id = qt_entry_id(pending);
    qt_draft draft = { .key = { id.p + QT_SERIAL, id.n - QT_SERIAL }, .type = { pending->type, pending->ntype },
                       .text = pending->text, .pieces = pending->pieces, .count = pending->count,
                       .merge = (qt_merge)pending->merge, .merged = pending->merge != QT_MERGE_LAST };

    if (!qt_topic_post(z, topic, &draft, now) && !(qt_topics_make_room(z) && qt_topic_post(z, topic, &draft, now))) {
        return 0;
    }
    qt_zone_due(z, &pending->due, QT_DUE_MERGE, 0);
    qt_zone_drop(z, &z->pendings, pending);
    QT_PUT(z, topic->merges, topic->merges - 1);
    qt_topic_trim(z, topic, now);
    return 1;
}

void qt_pending_due(qt_zone *z, qt_pending *pending, qt_time now)
{
    qt_topic *topic = QT_REC(z, qt_topic, pending->topic);

    if (!become_message(z, pending, now)) {
        qt_zone_due(z, &pending->due, QT_DUE_MERGE, now + QT_SECOND);
        return;
    }
    qt_topic_let_go(z, topic);
}

/* ---- its begin ---- */

static qt_pending *open_pending(qt_zone *z, qt_topic *topic, qt_str id, const qt_call *call, qt_time now)
{
    qt_pending *pending = qt_zone_new(z, &z->pendings, sizeof(*pending), id);

    if (pending) {
        pending->topic = QT_OF(z, topic);
        pending->merge = (apr_byte_t)call->topic_rules->merge;
        qt_zone_due(z, &pending->due, QT_DUE_MERGE, now + call->topic_rules->coalesce);
        QT_PUT(z, topic->merges, topic->merges + 1);
    }
    return pending;
}

apr_status_t qt_pending_put(qt_zone *z, qt_topic *topic, const qt_call *call, qt_time now)
{
    char name[QT_SERIAL + QT_NAME_MAX];
    qt_str id = { name, QT_SERIAL + call->key.n };
    qt_pending *pending;

    if (call->key.n > QT_NAME_MAX || call->type.n > sizeof(pending->type)) {
        return QT_E_MALFORMED;
    }
    memcpy(name, &topic->serial, QT_SERIAL);
    if (call->key.n) {
        memcpy(name + QT_SERIAL, call->key.p, call->key.n);
    }
    pending = qt_zone_find(z, &z->pendings, id);
    if (pending && pending->merge != call->topic_rules->merge && become_message(z, pending, now)) {
        pending = NULL; /* the configuration has changed: what waited went by the old one */
    }
    if (!pending) {
        pending = open_pending(z, topic, id, call, now);
    }
    return pending && pending->merge == call->topic_rules->merge ? merge_call(z, pending, call) : QT_E_FULL;
}

/* ---- as text ---- */

/* Where text is put, or only counted. */
typedef struct qt_pen {
    char *to; /* NULL: count */
    apr_size_t n;
} qt_pen;

static void put(qt_pen *pen, const char *p, apr_size_t n)
{
    if (pen->to && n) {
        memcpy(pen->to + pen->n, p, n);
    }
    pen->n += n;
}

static void put_value(qt_pen *pen, const qt_piece *piece)
{
    char number[QT_NUMBER_MAX];
    qt_str text = text_of(piece);

    if (text.n) {
        put(pen, text.p, text.n);
        return;
    }
    put(pen, number, (apr_size_t)(piece->fraction ? qt_json_real(number, piece->real)
                                                  : snprintf(number, sizeof(number), "%" APR_INT64_T_FMT, piece->whole)));
}

static void put_pieces(qt_zone *z, qt_pen *pen, const qt_message *message)
{
    const qt_piece *at = QT_AT(z, qt_piece, message->pieces);
    const char *brackets = message->merge == QT_MERGE_UNION ? "[]" : "{}";

    if (at && message->merge == QT_MERGE_SUM && !at->nname) {
        put_value(pen, at);
        return;
    }
    put(pen, brackets, 1);
    for (; at; at = QT_AT(z, qt_piece, at->next)) {
        put(pen, name_of(at).p, at->nname);
        put(pen, ":", at->nname ? 1 : 0);
        put_value(pen, at);
        put(pen, ",", at->next ? 1 : 0);
    }
    put(pen, brackets + 1, 1);
}

static void put_merged(qt_zone *z, qt_pen *pen, const qt_message *message)
{
    char number[QT_NUMBER_MAX];

    if (message->merge == QT_MERGE_COUNT) {
        put(pen, number, (apr_size_t)snprintf(number, sizeof(number), "%u", message->count));
    }
    else {
        put_pieces(z, pen, message);
    }
}

apr_size_t qt_message_size(qt_zone *z, const qt_message *message)
{
    qt_pen pen = { NULL, 0 };

    if (!message->merged) {
        return qt_text_size(z, message->text);
    }
    put_merged(z, &pen, message);
    return pen.n;
}

void qt_message_copy(qt_zone *z, const qt_message *message, char *to)
{
    qt_pen pen = { to, 0 };

    if (message->merged) {
        put_merged(z, &pen, message);
    }
    else {
        qt_text_copy(z, message->text, to);
    }
}
