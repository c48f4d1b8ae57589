/* Pages, and the verb that lists tasks. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_page.h"
#include "core/qt_core.h"
#include "core/qt_view.h"

void *qt_page_lay(qt_call *call, apr_size_t size)
{
    return qt_lay(&call->out, (call->limit < QT_LOOK_MAX ? call->limit : QT_LOOK_MAX) * size);
}

apr_status_t qt_page_of(qt_zone *z, qt_call *call, const qt_table *table, qt_page_fn lay)
{
    const qt_entry *at = qt_table_after(QT_B(z), table, call->from.p ? qt_table_hash(z->seed, call->from) : 0, call->from);
    const qt_entry *last = NULL;

    for (int looked = 0; at && call->n < call->limit && looked < QT_LOOK_MAX; looked++) {
        if (!lay(z, call, at)) {
            return QT_E_SPACE;
        }
        last = at;
        at = qt_table_after(QT_B(z), table, at->hash, qt_entry_id(at));
    }
    call->more = at != NULL;
    return !last || qt_lay_str(&call->out, qt_entry_id(last), &call->last) ? APR_SUCCESS : QT_E_SPACE;
}

static int lay_wanted(qt_zone *z, qt_call *call, const void *record)
{
    const qt_task *task = record;

    if (!(call->which & 1U << task->state)) {
        return 1;
    }
    return qt_lay_task(z, &call->out, task, QT_BRIEF, &call->tasks[call->n++]);
}

apr_status_t qt_do_tasks(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->tasks = qt_page_lay(call, sizeof(*call->tasks));
    return call->tasks ? qt_page_of(z, call, &z->tasks, lay_wanted) : QT_E_SPACE;
}
