#ifndef ONCEGATE_CHIREDIS_SHIM_H
#define ONCEGATE_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

#endif
