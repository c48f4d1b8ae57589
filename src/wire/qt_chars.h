/* What every reader here does with text: look at its characters, trim it, cut pieces off. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CHARS_H
#define QT_CHARS_H

#include "base/qt_base.h"

/* Whether the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong form, nothing over U+10FFFF). */
int qt_utf8_ok(qt_str text);
/* Bytes of the UTF-8 character that `text` begins with: 1..4; 0 when it begins with none. */
unsigned qt_utf8_next(qt_str text);
/* Whether the text holds a C0 or C1 control character or DEL. */
int qt_has_control(qt_str text);
/* Without the blanks and tabs at both ends. */
qt_str qt_trim(qt_str text);
/* What stands before the next `mark` (all, when there is none), which *rest then begins after. *rest is absent when nothing follows. */
qt_str qt_cut(qt_str *rest, char mark);

#endif
