/* export.inc.h: the symbol of one target, outside its region: `supported` must run on any CPU. */
#define FN_STRING2(text) #text
#define FN_STRING(text) FN_STRING2(text)
static int target_supported(void) { return FN_SUPPORTED; }
const fn_target FN_PASTE(fn_target_, FN_TARGET) = {FN_STRING(FN_TARGET), target_supported, &kernels_f32, &kernels_f64};
